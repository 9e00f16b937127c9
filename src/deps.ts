import type { AuditTrail } from './audit/trail.ts'
import type { MailRequests } from './by-mail/requests.ts'
import type { Config } from './config.ts'
import type { Counts } from './counts.ts'
import type { Db } from './db/open.ts'
import type { Ephemeral } from './ephemeral/store.ts'
import type { Mailer } from './mail/mailer.ts'
import type { Later } from './operation/later.ts'
import type { Standing } from './operation/standing.ts'
import type { Hasher } from './passwords/hasher.ts'
import type { PasswordLists } from './passwords/lists.ts'
import type { StrengthEstimator } from './passwords/strength/estimate.ts'
import type { SessionStates } from './sessions/states.ts'
import type { Gate } from './throttling/gate.ts'
import type { Purse } from './throttling/purse.ts'
import type { Throttle } from './throttling/throttle.ts'
import type { TokenCache } from './tokens/access-token.ts'
import type { Jwt } from './tokens/jwt.ts'
import type { KeyRing } from './tokens/key-ring.ts'

/** The part of a pino logger that rules use. */
export interface Log {
  info(details: object, message: string): void
  warn(details: object, message: string): void
  error(details: object, message: string): void
}

/**
 * All that a rule can need. Rules take `Pick<Deps, …>` with exactly what they use; the Fastify instance is a `Deps`,
 * and so is any object a test makes.
 */
export interface Deps {
  /** what it takes to add to the audit log */
  audit: AuditTrail
  config: Config
  /** what metrics tell */
  counts: Counts
  db: Db
  /** ms since some moment, on a clock that never jumps: for how old things are within this process */
  elapsed: () => number
  ephemeral: Ephemeral
  /** asks for challenges while many passwords are wrong */
  gate: Gate
  hasher: Hasher
  jwt: Jwt
  keys: KeyRing
  /** does some work after the answer; what fails is logged */
  later: Later['later']
  log: Log
  mailer: Mailer
  /** what strangers want to be sent by mail */
  mailRequests: MailRequests
  /** the time, in epoch ms */
  now: () => number
  /** what new passwords are held against */
  passwordLists: PasswordLists
  /** whether this process may serve anybody on its database */
  standing: Standing
  /** what strangers may have sent by the service as a whole */
  purse: Purse
  /** what this node knows of sessions it has seen */
  states: SessionStates
  /** keeps passwords from being guessed */
  throttle: Throttle
  /** how strong passwords are */
  strength: StrengthEstimator
  /** access tokens that this node has verified */
  tokens: TokenCache
}
