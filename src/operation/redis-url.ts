/** What `REDIS_URL` names: one server, a set that Sentinel watches, or a cluster. */

interface Host {
  host: string
  port: number
}

interface Account {
  username?: string
  password?: string
}

/** Where to connect, and as whom. */
export type RedisTarget = { tls: boolean; hosts: readonly Host[]; account: Account } & (
  | { kind: 'single'; url: string }
  | { kind: 'cluster' }
  | { kind: 'sentinel'; master: string; db: number; sentinelAccount: Account }
)

const SET = /^(rediss?)\+(sentinel|cluster):\/\/(?:([^@/]*)@)?([^@/?]+)(?:\/([^?]*))?(?:\?(.*))?$/

/** Where servers listen by default. */
const PORTS = { sentinel: 26379, cluster: 6379 } as const

/**
 * Reads a URL of Redis. Those of sets are spelled as other services spell them:
 * `redis+sentinel://USER:PASSWORD@HOST:PORT,HOST:PORT/MASTER/DB` and `redis+cluster://USER:PASSWORD@HOST:PORT,HOST:PORT`.
 * @throws Error the end of a sentence that says what it must be, without any of the URL
 */
export function parseRedisUrl(url: string): RedisTarget {
  if (/^rediss?:/.test(url)) return single(url)
  const [, scheme, kind, userinfo, hosts = '', path = '', query = ''] = SET.exec(url) ?? []
  if (!scheme) throw new Error('must be a URL; special characters in the password have to be escaped')
  const [username = '', password = ''] = (userinfo ?? '').split(':', 2).map(decoded)
  const common = { tls: scheme === 'rediss', account: account(username, password) }
  if (kind === 'cluster') {
    if (path || query) throw new Error('must end with the hosts: a cluster has one database and no name')
    return { kind, ...common, hosts: hosts.split(',').map((host) => hostOf(host, PORTS.cluster)) }
  }
  const [master = '', db = '0', ...rest] = path.split('/').map(decoded)
  if (!master || !/^\d{1,5}$/.test(db) || rest.length > 0)
    throw new Error('must name the master after the hosts, and may name a database: …/MASTER/0')
  const all = hosts.split(',').map((host) => hostOf(host, PORTS.sentinel))
  return { kind: 'sentinel', ...common, hosts: all, master, db: Number(db), sentinelAccount: sentinelAccount(query) }
}

/** The URL as it may be shown: the hosts alone. */
export function shownRedis(url: string): string {
  return parseRedisUrl(url)
    .hosts.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`)
    .join(', ')
}

function single(url: string): RedisTarget {
  if (!URL.canParse(url)) throw new Error('must be a URL; special characters in the password have to be escaped')
  const { protocol, hostname, port } = new URL(url)
  const host = hostname.replace(/^\[(.+)\]$/, '$1') || 'localhost'
  return {
    kind: 'single',
    url,
    tls: protocol === 'rediss:',
    hosts: [{ host, port: Number(port || 6379) }],
    account: {},
  }
}

function hostOf(text: string, byDefault: number): Host {
  const [, bracketed, plain, port] = /^(?:\[([\da-fA-F:.]+)\]|([\w.-]+))(?::(\d{1,5}))?$/.exec(text) ?? []
  const host = bracketed ?? plain
  const number = Number(port ?? byDefault)
  if (!host || number < 1 || number > 65535) throw new Error('must list its hosts as HOST:PORT,HOST:PORT')
  return { host, port: number }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw new Error('must be a URL; special characters in the password have to be escaped')
  }
}

const account = (username: string, password: string): Account => ({
  ...(username && { username }),
  ...(password && { password }),
})

function sentinelAccount(query: string): Account {
  const parameters = new URLSearchParams(query)
  const known = ['sentinel_username', 'sentinel_password']
  if (![...parameters.keys()].every((name) => known.includes(name)))
    throw new Error(`may have no parameters but ${known.join(' and ')}`)
  return account(parameters.get('sentinel_username') ?? '', parameters.get('sentinel_password') ?? '')
}
