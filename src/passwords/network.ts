/**
 * Who an address stands for: an IPv4 address for itself, an IPv6 address for its network of 64 bits, which is the least
 * that a customer gets (RFC 6177), so that addresses out of it cost nothing.
 */
export function networkOf(ip: string): string {
  if (!ip.includes(':')) return ip
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)?.[1]
  if (mapped) return mapped
  const [head = '', tail = ''] = ip.replace(/%.*$/, '').split('::')
  const before = groups(head)
  const after = groups(tail)
  const filled = [...before, ...new Array(Math.max(0, 8 - before.length - after.length)).fill('0'), ...after]
  return filled
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')
}

/**
 * Where a network of `networkOf` is: an IPv6 network in the 48 bits that one site may have (RFC 6177), or its owner would be
 * as many clients as it has networks; an IPv4 address by itself.
 */
export function siteOf(network: string): string {
  return network.includes(':') ? network.split(':', 3).join(':') : network
}

const groups = (part: string) => (part === '' ? [] : part.split(':'))
