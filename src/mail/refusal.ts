/** Why a message was not taken: for good, for now, or because of the server and not of the message. */

export interface Refusal {
  /** `trouble`: no other message would fare better */
  kind: 'final' | 'passing' | 'trouble'
  /** nodemailer's name for what failed */
  code: string
  /** of the server, RFC 5321 */
  status?: number
}

/** nodemailer's codes for what the server says of one message. */
const OF_MESSAGE = new Set(['EENVELOPE', 'EMESSAGE'])

/** What an attempt that failed means. A server that refuses us altogether may be told better by its operator or ours. */
export function refusalOf(error: unknown): Refusal {
  const { code = 'unknown', responseCode: status, command = '' } = error as Answer
  const of = { code, ...(status !== undefined && { status }) }
  if (!OF_MESSAGE.has(code) || status === undefined || status === 421) return { kind: 'trouble', ...of }
  const isFinal = status >= 500 && /^(RCPT|DATA)/.test(command)
  return { kind: isFinal ? 'final' : 'passing', ...of }
}

interface Answer {
  code?: string
  responseCode?: number
  command?: string
}
