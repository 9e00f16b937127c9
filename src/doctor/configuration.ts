import { type Config, ConfigError, loadConfig } from '../config.ts'
import { isLoopback } from '../operation/values.ts'
import { type Finding, fault, fine, warning } from './finding.ts'

/** Reads the configuration; without one, nothing else can be examined. */
export function examineConfiguration(): { config: Config | undefined; findings: Finding[] } {
  try {
    const config = loadConfig()
    const doubts = doubtsAbout(config)
    return {
      config,
      findings:
        doubts.length > 0
          ? doubts.map((text) => warning('configuration', text))
          : [fine('configuration', 'it is sound')],
    }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return { config: undefined, findings: error.faults.map((sentence) => fault('configuration', sentence)) }
  }
}

/** What is possible and yet hardly meant. */
export function doubtsAbout(config: Config): readonly string[] {
  const isProduction = config.node_env === 'production'
  const doubts: [boolean, string][] = [
    [!isProduction, 'NODE_ENV is not production, which refuses to start without JWT_KEY'],
    [isProduction && config.database_url === 'sqlite::memory:', 'DATABASE_URL keeps everything in memory'],
    [isProduction && config.issuer === 'latchkey', 'neither PUBLIC_URL nor ISSUER is set: `iss` says only "latchkey"'],
    [config.uv_threadpool_size < config.hash_concurrency, 'UV_THREADPOOL_SIZE is below HASH_CONCURRENCY: hashes wait'],
    [isProduction && !config.smtp, 'SMTP_URL is not set: nothing is sent, and what needs mail is off'],
    [
      isProduction && config.sign_in_link === 'on' && !config.app_url,
      'SIGN_IN_LINK without APP_URL: the links lead to a page on which nobody can sign in',
    ],
    [
      isProduction && !config.public_url.startsWith('https:'),
      'PUBLIC_URL is not an https URL: passwords and tokens cross the network in the clear, and cookies are not Secure',
    ],
    [isProduction && config.rate_limit === 'off', 'RATE_LIMIT is off: passwords and codes can be guessed at will'],
    [isOpenDatabase(config.database_url), 'DATABASE_URL goes to another machine without TLS: add ?sslmode=verify-full'],
    [isOpenRedis(config.redis_url), 'Redis is on another machine and spoken to without TLS: use rediss://'],
    [isUnsure(config.smtp), 'mail is handed in unencrypted where the server offers no TLS'],
    [config.traces?.url.startsWith('http://') ?? false, 'traces go out unencrypted'],
  ]
  return doubts.filter(([holds]) => holds).map(([, text]) => text)
}

/** Ways to ask for TLS from which the driver does not fall back to none. */
const TLS_MODES = /^(prefer|require|verify-ca|verify-full|no-verify|1|true)$/

function isOpenDatabase(url: string): boolean {
  if (url.startsWith('sqlite:')) return false
  const { hostname, searchParams } = new URL(url)
  const asked = searchParams.get('sslmode') ?? searchParams.get('ssl') ?? ''
  return isElsewhere(searchParams.get('host') ?? hostname) && !TLS_MODES.test(asked)
}

function isOpenRedis(url: string | undefined): boolean {
  if (url === undefined || url.startsWith('rediss')) return false
  const hosts = /^[^/]+\/\/(?:[^@/]*@)?([^/?]*)/.exec(url)?.[1] ?? ''
  return hosts.split(',').some((host) => isElsewhere(host.replace(/:\d+$/, '')))
}

/** Whether what is said to this host leaves the machine; a path is that of a socket. */
function isElsewhere(host: string): boolean {
  return host !== '' && !host.startsWith('/') && !isLoopback(host.replace(/^\[|\]$/g, ''))
}

/** Whether messages, and the tokens in them, may cross a network in the clear. */
function isUnsure(smtp: Config['smtp']): boolean {
  return smtp !== undefined && !smtp.secure && !smtp.requireTLS && !isLoopback(smtp.host)
}
