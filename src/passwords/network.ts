/** The address of a client, and the networks that it is counted with. */
import { isIP } from 'node:net'

/**
 * The one form of a client's address, for limits, log, audit log and sessions. IPv6 is written as RFC 5952 has it, without a
 * zone. A form that stands for an IPv4 address becomes that address, so that nobody has two: IPv4-mapped (RFC 4291,
 * section 2.5.5.2), NAT64 (RFC 6052) and 6to4 (RFC 3056).
 * @returns undefined for what is no address: behind proxies that are trusted by their number it is whatever somebody wrote,
 * and a client that has gone has none
 */
export function canonicalAddress(ip: string | undefined): string | undefined {
  if (ip === undefined) return undefined
  const version = isIP(ip)
  if (version !== 6) return version === 4 ? ip : undefined
  const text = new URL(`http://[${ip.replace(/%.*$/, '')}]`).hostname.slice(1, -1)
  return embeddedIpv4(groupsOf(text)) ?? text
}

/**
 * Who an address stands for: an IPv4 address for itself, an IPv6 address for its network of 64 bits, which is the least
 * that a customer gets (RFC 6177), so that addresses out of it cost nothing.
 */
export function networkOf(ip: string): string {
  return networkIn(canonicalAddress(ip) ?? ip)
}

/**
 * Where a network of `networkOf` is: an IPv6 network in the 48 bits that one site may have (RFC 6177), or its owner would be
 * as many clients as it has networks; an IPv4 address by itself.
 */
export function siteOf(network: string): string {
  return network.includes(':') ? network.split(':', 3).join(':') : network
}

/**
 * Everything that a caller is counted with, the narrowest first: an IPv4 address, or what is no address, by itself; an IPv6
 * address with its networks of 64, 56 and 48 bits, which are what customers get (RFC 6177).
 * @param caller an address in its one form, or another name for a caller without a colon
 */
export function networksOf(caller: string): readonly string[] {
  if (!caller.includes(':')) return [caller]
  const own = networkIn(caller)
  const subnet = Number.parseInt(own.slice(own.lastIndexOf(':') + 1), 16)
  const site = siteOf(own)
  return [own, `${site}:${(subnet & 0xff00).toString(16)}/56`, `${site}/48`]
}

function networkIn(address: string): string {
  if (!address.includes(':')) return address
  return groupsOf(address)
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':')
}

/** What an IPv4 address is written within. */
const EMBEDDINGS = [
  { prefix: [0, 0, 0, 0, 0, 0xffff], at: 6 },
  { prefix: [0x64, 0xff9b, 0, 0, 0, 0], at: 6 },
  { prefix: [0x2002], at: 1 },
] as const

function embeddedIpv4(groups: readonly number[]): string | undefined {
  const embedding = EMBEDDINGS.find(({ prefix }) => prefix.every((group, index) => groups[index] === group))
  if (!embedding) return undefined
  const [high = 0, low = 0] = groups.slice(embedding.at)
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.')
}

/** The eight groups of an IPv6 address that has no dots in it. */
function groupsOf(address: string): readonly number[] {
  const [head = '', tail] = address.split('::')
  const before = numbersOf(head)
  if (tail === undefined) return before
  const after = numbersOf(tail)
  return [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after]
}

const numbersOf = (part: string) => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)))
