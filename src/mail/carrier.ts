/** Ways for a message to leave. */
import { join } from 'node:path'
import type { Config } from '../config.ts'
import type { Deps } from '../deps.ts'
import type { Rendered } from './render.ts'

/** A message as it leaves. */
export interface Outgoing extends Rendered {
  to: string
  /** the same whenever the message is sent again, so that receivers can tell */
  messageId: string
  /** names a file, where it becomes one */
  file: string
}

export interface Carrier {
  /**
   * Hands a message over; resolves when whoever took it is responsible for it.
   * @param signal ends the attempt
   */
  send(message: Outgoing, signal: AbortSignal): Promise<void>
  close(): void
}

/** Connections to the server at once, and so messages that are sent at once. */
export const CONNECTIONS = 5

/** Longest waits for a connection, for the server's first word, and for each after that, in ms. */
const TIMEOUTS = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 30_000, dnsTimeout: 10_000 }

/** A connection with nothing to send is closed after this, in ms. */
const IDLE = 30_000

/** Over SMTP, by a pool of connections. */
export async function createSmtpCarrier({ smtp, mail_from }: Pick<Config, 'smtp' | 'mail_from'>): Promise<Carrier> {
  const { createTransport } = (await import('nodemailer')).default
  const pool = createTransport({
    ...smtp,
    ...TIMEOUTS,
    pool: true,
    maxConnections: CONNECTIONS,
    idleTimeout: IDLE,
    // the outbox tries again, and counts
    maxRequeues: 0,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  return {
    async send(message, signal) {
      await pool.sendMail({ ...toMail(message, mail_from), signal })
    },
    close: () => pool.close({ force: true }),
  }
}

/** Into files that readers of mail can open, for where nothing is to be sent. */
export async function createFolderCarrier({
  config: { mail_dir, mail_from },
  log,
}: Pick<Deps, 'config' | 'log'>): Promise<Carrier> {
  const [{ createTransport }, { mkdir, rename, writeFile }] = await Promise.all([
    import('nodemailer').then((module) => module.default),
    import('node:fs/promises'),
  ])
  const composer = createTransport({ streamTransport: true, buffer: true, newline: 'unix' })
  return {
    async send(message) {
      const { message: bytes } = await composer.sendMail(toMail(message, mail_from))
      await mkdir(mail_dir, { recursive: true, mode: 0o700 })
      const file = join(mail_dir, `${message.file}.eml`)
      // whoever can read it can use the links in it
      await writeFile(`${file}.part`, bytes as Buffer, { mode: 0o600 })
      await rename(`${file}.part`, file)
      log.info({ file }, 'a message was written')
    },
    close() {},
  }
}

/** The address as an object: as text it would be taken apart, and might turn out to be several. */
function toMail({ to, messageId, subject, text, html }: Outgoing, from: Config['mail_from']) {
  return {
    from,
    to: { name: '', address: to },
    envelope: { from: from.address, to: [to] },
    messageId,
    subject,
    text,
    html,
    // RFC 3834: no answers from machines
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
  }
}
