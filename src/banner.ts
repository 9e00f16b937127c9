/** What the service says of itself when it has started. */
import type { Config } from './config.ts'
import { shownUrl } from './db/open.ts'
import { doubtsAbout } from './doctor/configuration.ts'
import type { Ephemeral } from './ephemeral/store.ts'
import { isOn } from './features.ts'
import { isMailOn } from './mail/mailer.ts'
import { authority } from './operation/values.ts'
import { VERSION } from './operation/version.ts'

/** Listening on these means on every address; browsers want one. */
const ANY = new Set(['0.0.0.0', '::'])

/**
 * The banner, for standard error.
 * @param running what only the running service knows
 */
export function banner(config: Config, { port, store }: { port: number; store: string }): string {
  const base = `http://${authority(ANY.has(config.host) ? 'localhost' : config.host, port)}`
  const metrics =
    config.metrics &&
    ('token' in config.metrics
      ? `${base}/metrics`
      : `http://${authority(config.metrics.host, config.metrics.port)}/metrics`)
  const lines = [
    `Latchkey ${VERSION} on Node ${process.versions.node}`,
    `  API        ${base}/api/v1`,
    ...(isOn(config, 'docs')
      ? [`  try it     ${base}/docs`, `  read it    ${base}/redoc`, `  contract   ${base}/openapi.yaml`]
      : []),
    ...(metrics ? [`  metrics    ${metrics}`] : []),
    `  database   ${shownUrl(config.database_url)}`,
    `  ephemeral  ${store}`,
    ...(config.workers > 1 ? [`  workers    ${config.workers}`] : []),
    `  mail       ${shownMail(config)}`,
    `  tokens     ${config.jwt_alg}, ${config.access_token_ttl / 1000} s`,
    // outside production most of them hold, and are meant
    ...(config.node_env === 'production' ? doubtsAbout(config).map((doubt) => `  warning    ${doubt}`) : []),
  ]
  return `${lines.join('\n')}\n`
}

/** Where what is short-lived is kept, in words. */
export function shownStore({ kind, isShared }: Pick<Ephemeral, 'kind' | 'isShared'>): string {
  if (kind === 'sql') return 'embedded, in the database'
  return isShared() ? 'in the database, counters in Redis' : 'in the database; REDIS DOES NOT ANSWER'
}

/** Where messages go, in words. */
function shownMail(config: Config): string {
  if (!isMailOn({ config })) return 'OFF: SMTP_URL is not set'
  return config.smtp ? `by ${authority(config.smtp.host, config.smtp.port)}` : `into files below ${config.mail_dir}`
}
