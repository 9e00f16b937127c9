import { type Config, ConfigError, loadConfig } from '../config.ts'
import { isLoopback } from '../operation/values.ts'
import { type Finding, fault, fine, warning } from './finding.ts'

/** Reads the configuration; without one, nothing else can be examined. */
export function examineConfiguration(): { config: Config | undefined; findings: Finding[] } {
  try {
    const config = loadConfig()
    const doubts = doubtsAbout(config)
    return { config, findings: doubts.length > 0 ? doubts : [fine('configuration', 'it is sound')] }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return { config: undefined, findings: error.faults.map((sentence) => fault('configuration', sentence)) }
  }
}

/** What is possible and yet hardly meant. */
function doubtsAbout(config: Config): Finding[] {
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
    [isUnsure(config.smtp), 'mail is handed in unencrypted where the server offers no TLS'],
    [config.traces?.url.startsWith('http://') ?? false, 'traces go out unencrypted'],
  ]
  return doubts.filter(([holds]) => holds).map(([, text]) => warning('configuration', text))
}

/** Whether messages, and the tokens in them, may cross a network in the clear. */
function isUnsure(smtp: Config['smtp']): boolean {
  return smtp !== undefined && !smtp.secure && !smtp.requireTLS && !isLoopback(smtp.host)
}
