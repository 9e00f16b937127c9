/** A real SMTP server that keeps what it is given, and can be as bad as servers are. */
import type { AddressInfo, Socket } from 'node:net'
import { SMTPServer } from 'smtp-server'
import type { Test } from 'tap'
import { type Mail, parseMail } from './mail.ts'

/**
 * `take`: as it should be. `hold`: takes the message and does not answer before `release`;
 * `stall`: does not even let it begin. `busy`: 451, later perhaps.
 * `refuse`: 550, never. `refuse-sender`: the same to whoever sends, before the recipient is named. `cut`: hangs up in mid-message. `forget`: takes the message, and hangs up in place of an answer.
 */
export type SmtpMode = 'take' | 'hold' | 'stall' | 'busy' | 'refuse' | 'refuse-sender' | 'cut' | 'forget'

export interface SmtpInbox {
  /** what to set as `SMTP_URL`, `MAIL_FROM` */
  environment: { SMTP_URL: string; MAIL_FROM: string }
  /** everything that was taken, in that order */
  mails: Mail[]
  /** whom each of them was for, as the server was told */
  recipients: string[]
  mode: SmtpMode
  /** how many attempts there were to hand in a message */
  attempts: number
  /** how many connections there were */
  connections: number
  /** Answers what was held, and holds nothing more. */
  release(): void
}

interface Options {
  /** refuses whoever does not know these */
  user?: string
  password?: string
  /** TLS from the first byte, with a certificate that nobody vouches for */
  secure?: boolean
}

/** Starts a server on a free port of this machine; it ends with the test. */
export async function startSmtp(t: Test, { user, password, secure = false }: Options = {}): Promise<SmtpInbox> {
  const sockets = new Set<Socket>()
  let waiting: (() => void)[] = []
  const hangUp = () => {
    for (const socket of sockets) socket.destroy()
  }
  const server = new SMTPServer({
    secure,
    authOptional: user === undefined,
    disabledCommands: user === undefined ? ['AUTH', 'STARTTLS'] : ['STARTTLS'],
    allowInsecureAuth: true,
    onAuth(auth, _session, done) {
      if (auth.username === user && auth.password === password) done(null, { user: auth.username })
      else done(Object.assign(new Error('authentication failed'), { responseCode: 535 }))
    },
    onMailFrom(_address, _session, done) {
      inbox.attempts += inbox.mode === 'refuse-sender' ? 1 : 0
      if (inbox.mode === 'refuse-sender') done(Object.assign(new Error('not from you'), { responseCode: 550 }))
      else done()
    },
    async onRcptTo(_address, _session, done) {
      inbox.attempts += 1
      if (inbox.mode === 'stall') await new Promise<void>((resolve) => waiting.push(resolve))
      if (inbox.mode === 'busy') done(Object.assign(new Error('come back later'), { responseCode: 451 }))
      else if (inbox.mode === 'refuse') done(Object.assign(new Error('no such mailbox'), { responseCode: 550 }))
      else done()
    },
    async onData(stream, { envelope }, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => {
        if (inbox.mode === 'cut') hangUp()
        chunks.push(chunk)
      })
      stream.once('end', async () => {
        if (inbox.mode === 'cut') return
        const mail = await parseMail(Buffer.concat(chunks))
        if (inbox.mode === 'hold') await new Promise<void>((resolve) => waiting.push(resolve))
        inbox.mails.push(mail)
        inbox.recipients.push(envelope.rcptTo.map(({ address }) => address).join())
        if (inbox.mode === 'forget') hangUp()
        else done()
      })
    },
  })
  // connections that are cut are what some tests are about
  server.on('error', () => {})
  server.server.on('connection', (socket: Socket) => {
    inbox.connections += 1
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.server.address() as AddressInfo
  const credentials = user === undefined ? '' : `${encodeURIComponent(user)}:${encodeURIComponent(password ?? '')}@`
  const inbox: SmtpInbox = {
    environment: {
      SMTP_URL: `${secure ? 'smtps' : 'smtp'}://${credentials}127.0.0.1:${port}`,
      MAIL_FROM: 'The Shop <shop@example.org>',
    },
    mails: [],
    recipients: [],
    mode: 'take',
    attempts: 0,
    connections: 0,
    release() {
      inbox.mode = 'take'
      for (const answer of waiting) answer()
      waiting = []
    },
  }
  t.teardown(() => {
    inbox.release()
    hangUp()
    return new Promise<void>((resolve) => server.close(() => resolve()))
  })
  return inbox
}
