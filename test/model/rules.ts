/** What a session promises, said once more: state, operations, and what each must answer. Nothing here is the service's. */

const GRACE = 10_000
const IDLE = 14 * 86_400_000
const LONGEST = 30 * 86_400_000
const ACCESS = 900_000
const TOLERANCE = 5000
/** From here on after its end the service may have swept a session away. */
const KEPT = 86_400_000

interface Session {
  generation: number
  rotated_at: number
  last_used_at: number
  created_at: number
  ended: 'reused' | 'otherwise' | undefined
}

/** One account with all its sessions. */
export interface Model {
  now: number
  password: number
  sessions: Session[]
}

/** A token by the place where it came from: which session, and its number among the tokens of that session. */
export interface Token {
  session: number
  /** refresh tokens: the generation, from 1 */
  generation: number
}

/** An access token, as far as the model has to know it. */
export interface Pass {
  session: number
  /** until when it says that it holds, epoch ms */
  expires_at: number
}

export type Operation =
  | { do: 'sign in'; password: number }
  | { do: 'refresh'; token: Token }
  | { do: 'log out'; token: Token }
  | { do: 'look'; pass: Pass }
  | { do: 'revoke'; session: number; by: Pass }
  | { do: 'change password'; from: number; to: number; by: Pass }

/** What an operation must answer: one of these codes, and the token that comes with a success. */
export interface Expected {
  codes: readonly string[]
  token?: Token
}

const success = (token?: Token): Expected => ({ codes: ['ok'], ...(token && { token }) })
const refusal = (...codes: string[]): Expected => ({ codes })

export function newModel(now: number): Model {
  return { now, password: 0, sessions: [] }
}

const endOf = ({ created_at, last_used_at }: Session) => Math.min(created_at + LONGEST, last_used_at + IDLE)
const mayBeSwept = (model: Model, { created_at }: Session) => model.now - created_at - LONGEST > KEPT

/** The state after the operation, and what it must have answered. The state before is left as it is. */
export function apply(before: Model, operation: Operation): { model: Model; expected: Expected } {
  const model = structuredClone(before)
  return { model, expected: run(model, operation) }
}

function run(model: Model, operation: Operation): Expected {
  switch (operation.do) {
    case 'sign in':
      return operation.password === model.password ? begin(model) : refusal('invalid_credentials')
    case 'refresh':
      return refresh(model, operation.token)
    case 'log out': {
      end(sessionOf(model, operation.token))
      return success()
    }
    case 'look':
      return admit(model, operation.pass) ?? success()
    case 'revoke': {
      const refused = admit(model, operation.by)
      if (refused) return refused
      const session = sessionOf(model, operation)
      if (session.ended) return refusal('session_not_found')
      end(session)
      return { codes: mayBeSwept(model, session) ? ['ok', 'session_not_found'] : ['ok'] }
    }
    case 'change password':
      return changePassword(model, operation)
  }
}

function sessionOf(model: Model, { session }: { session: number }): Session {
  const found = model.sessions[session]
  if (!found) throw new Error(`there is no session ${session}`)
  return found
}

function begin(model: Model): Expected {
  const { now } = model
  model.sessions.push({ generation: 1, rotated_at: now, last_used_at: now, created_at: now, ended: undefined })
  return success({ session: model.sessions.length - 1, generation: 1 })
}

function end(session: Session): void {
  session.ended ??= 'otherwise'
}

function refresh(model: Model, { session: index, generation }: Token): Expected {
  const session = sessionOf(model, { session: index })
  if (mayBeSwept(model, session))
    return refusal('refresh_token_invalid', 'refresh_token_expired', 'refresh_token_reused')
  if (session.ended) return refusal(session.ended === 'reused' ? 'refresh_token_reused' : 'refresh_token_invalid')
  if (endOf(session) <= model.now) return refusal('refresh_token_expired')
  if (generation === session.generation) {
    session.generation += 1
    session.rotated_at = model.now
    session.last_used_at = model.now
    return success({ session: index, generation: session.generation })
  }
  if (generation === session.generation - 1 && model.now - session.rotated_at < GRACE)
    return success({ session: index, generation: session.generation })
  session.ended = 'reused'
  return refusal('refresh_token_reused')
}

/** Why an access token is refused; undefined if it is not. */
function admit(model: Model, pass: Pass): Expected | undefined {
  const session = sessionOf(model, pass)
  if (model.now >= pass.expires_at + TOLERANCE) return refusal('token_expired')
  return session.ended ? refusal('session_revoked') : undefined
}

function changePassword(model: Model, { from, to, by }: Extract<Operation, { do: 'change password' }>): Expected {
  const refused = admit(model, by)
  if (refused) return refused
  if (from !== model.password) return refusal('current_password_wrong')
  model.password = to
  for (const [index, session] of model.sessions.entries()) if (index !== by.session) end(session)
  return success()
}

/** The longest that an access token may say it holds, in ms: no longer than its session. */
export function longestPass(model: Model, session: number): number {
  return Math.min(ACCESS, endOf(sessionOf(model, { session })) - model.now)
}
