/** A session: one row from sign-in to its end, and the tokens that stand for it. */
import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import { v7 as uuidv7 } from 'uuid'
import type { Account } from '../accounts/account.ts'
import type { Origin } from '../audit/actor.ts'
import { recordEvent } from '../audit/record.ts'
import { compiled } from '../db/compiled.ts'
import { skippingHeld } from '../db/dialect.ts'
import type { SessionRow } from '../db/schema.ts'
import type { Tx } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'
import { signAccessToken } from '../tokens/access-token.ts'
import { deriveRefreshToken } from './refresh-token.ts'
import type { TokenPair } from './schema.ts'

/** Why a session ended. */
export type EndReason =
  | 'logout'
  | 'logout_all'
  | 'revoked_by_owner'
  | 'revoked_by_admin'
  | 'revoked_by_operator'
  | 'password_changed'
  | 'account_disabled'
  | 'email_change_undone'
  | 'refresh_token_reused'
  | 'single_use_token_reused'
  | 'session_limit'

/**
 * How somebody proved who they are, as tokens tell it: by a password, by a code that was sent (RFC 8176), or by a link, for
 * which that list has no name.
 */
export type Amr = 'pwd' | 'otp' | 'link'

/** Longer ones are cut before they are stored, in characters. */
const USER_AGENT_LENGTH = 256

/** At most this many sessions that expired are removed with each new one. */
const SWEEP = 10

/** An expired session is kept this long, in ms, so that its owner is told that it expired. */
const KEEP_EXPIRED = 86_400_000

const sweepSessions = compiled<{ before: number }, never>((db, stand) =>
  db
    .deleteFrom('sessions')
    .where(
      'id',
      'in',
      skippingHeld(
        db,
        db.selectFrom('sessions').select('id').where('expires_at', '<', stand('before')).limit(sql.lit(SWEEP)),
      ),
    ),
)

/** What differs between new sessions. */
type NewSession = Pick<
  SessionRow,
  'id' | 'user_id' | 'salt' | 'created_at' | 'expires_at' | 'amr' | 'ip' | 'user_agent' | 'kind'
>

const insertRow = compiled<NewSession, SessionRow>((db, stand) =>
  db
    .insertInto('sessions')
    .values({
      id: stand('id'),
      user_id: stand('user_id'),
      salt: stand('salt'),
      generation: 1,
      rotated_at: stand('created_at'),
      created_at: stand('created_at'),
      last_used_at: stand('created_at'),
      expires_at: stand('expires_at'),
      authenticated_at: stand('created_at'),
      amr: stand('amr'),
      ip: stand('ip'),
      user_agent: stand('user_agent'),
      revoked_at: null,
      revoked_reason: null,
      kind: stand('kind'),
    })
    .returningAll(),
)

/** The clients of other services alone have sessions that end with their token. */
export function kindOf(life: number | undefined): NonNullable<SessionRow['kind']> {
  return life === undefined ? 'tokens' : 'dialect'
}

/** By what a session begins, as the log of events says it. */
export type Means = 'code' | 'invitation' | 'link' | 'password' | 'registration'

/**
 * Adds a session for an account; the caller's transaction has made sure that the account may have one.
 * @param origin where its owner comes from
 * @param life how long it lasts at the most, in ms; never longer than `REFRESH_TOKEN_TTL`
 * @param amr how they have just proved who they are
 * @param means by what it begins
 */
export async function insertSession(
  tx: Tx,
  deps: Pick<Deps, 'audit' | 'config' | 'now'>,
  { id: user_id, uid }: Pick<Account, 'id' | 'uid'>,
  origin: Origin,
  { life, amr = 'pwd', means = 'password' }: { life?: number | undefined; amr?: Amr; means?: Means } = {},
): Promise<SessionRow> {
  const at = deps.now()
  await sweepSessions(tx, { before: at - KEEP_EXPIRED })
  const [session] = await insertRow(tx, {
    id: uuidv7({ msecs: at }),
    user_id,
    salt: randomBytes(16).toString('hex'),
    created_at: at,
    expires_at: at + Math.min(life ?? Number.POSITIVE_INFINITY, deps.config.refresh_token_ttl),
    amr,
    ip: origin.ip ?? null,
    user_agent: origin.user_agent?.slice(0, USER_AGENT_LENGTH) ?? null,
    kind: kindOf(life),
  })
  const { id: session_id } = session as SessionRow
  const actor = { uid, session_id, origin }
  await recordEvent(tx, deps, { action: 'session.start', actor, subject: uid, details: { means } })
  return session as SessionRow
}

/** When the session ends if it is not refreshed: at the end of its life, or of its idleness. */
export function endOf({ config }: Pick<Deps, 'config'>, { expires_at, last_used_at }: SessionRow): number {
  return Math.min(expires_at, last_used_at + config.session_idle_ttl)
}

/** The tokens of the session as it stands. */
export function issueTokens(deps: Pick<Deps, 'config' | 'keys' | 'now'>, session: SessionRow, uid: string): TokenPair {
  const end = endOf(deps, session)
  const { token, expires_in } = signAccessToken(deps, { uid, session, expires_at: end })
  return {
    access_token: token,
    token_type: 'Bearer',
    expires_in,
    refresh_token: deriveRefreshToken(deps.keys.refreshKeys[0], session, session.generation),
    refresh_token_expires_in: Math.round((end - deps.now()) / 1000),
  }
}
