/** A network with one other host in it, on which packets can be made to vanish. */
import { execFileSync } from 'node:child_process'
import type { Test } from 'tap'

export interface Network {
  /** the other host, as seen from here */
  address: string
  /** what to put before a command so that it runs there */
  within: readonly string[]
  /** From now on nothing that the other host sends arrives, and nobody is told. */
  drop(): void
  restore(): void
}

let count = 0

/** Makes a network namespace, joined to this one by a pair of devices; takes the right to do so. */
export function ownNetwork(t: Test): Network {
  count += 1
  const name = `lk${process.pid % 100_000}x${count}`
  // four addresses of 10.128.0.0/9 for each network of each process
  const first = (((process.pid * 8 + count) % 2 ** 21) * 4 + 2 ** 23) >>> 0
  const address = (host: number) => ['10', (first >> 16) & 255, (first >> 8) & 255, (first & 255) + host].join('.')
  const [here, there] = [address(1), address(2)]
  const within = ['ip', 'netns', 'exec', name]
  const ip = (...args: string[]) => execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'inherit'] })
  const ipThere = (...args: string[]) => ip('-n', name, ...args)

  ip('netns', 'add', name)
  t.teardown(() => ip('netns', 'delete', name))
  ip('link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name)
  ip('address', 'add', `${here}/30`, 'dev', name)
  ip('link', 'set', name, 'up')
  ipThere('address', 'add', `${there}/30`, 'dev', 'eth0')
  for (const device of ['lo', 'eth0']) ipThere('link', 'set', device, 'up')
  // known for good: otherwise the other host would soon count as not there, which is told at once
  const macOf = (args: string[]) =>
    /link\/ether (\S+)/.exec(String(execFileSync('ip', [...args, '-o', 'link', 'show'])))?.[1] ?? ''
  const mac = macOf(['-n', name])
  ip('neighbour', 'replace', there, 'lladdr', mac, 'nud', 'permanent', 'dev', name)

  return {
    address: there,
    within,
    drop: () => ipThere('route', 'add', 'blackhole', `${here}/32`),
    restore: () => ipThere('route', 'delete', 'blackhole', `${here}/32`),
  }
}
