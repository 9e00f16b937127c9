/** One-time tokens for one purpose each: 256 bits, kept as a digest, used up by the first who shows them. */
import { createHash, randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import { skippingHeld } from '../db/dialect.ts'
import type { Tx } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'

/** What a token can prove; a closed list. */
export type Purpose =
  | 'email-change'
  | 'email-change-undo'
  | 'email-verify'
  | 'invitation'
  | 'password-reset'
  | 'session-end'
  | 'sign-in'
  | 'unlock'

export interface NewProof {
  purpose: Purpose
  /** whose it is; null where there is no account yet */
  user_id: number | null
  /** what must still be so when the token is shown, such as the address that it was sent to */
  bound: Readonly<Record<string, string | number>>
  /** in ms */
  ttl: number
}

/** What a token proved. */
export interface Proof extends Pick<NewProof, 'user_id' | 'bound'> {
  created_at: number
}

/** At most this many dead rows go with each new one. */
const SWEEP = 20

/**
 * Makes a token; the older ones of the account for the same purpose are void.
 * @returns the token, which is kept nowhere
 */
export async function issueProof(
  tx: Tx,
  { now }: Pick<Deps, 'now'>,
  { purpose, user_id, bound, ttl }: NewProof,
): Promise<string> {
  const token = randomBytes(32).toString('base64url')
  const at = now()
  if (user_id !== null) await voidProofs(tx, user_id, [purpose])
  await sweep(tx, at)
  await tx
    .insertInto('proofs')
    .values({
      digest: digestOf(purpose, token),
      purpose,
      user_id,
      bound: JSON.stringify(bound),
      created_at: at,
      expires_at: at + ttl,
    })
    .execute()
  return token
}

/**
 * Uses a token up: of any number of callers at once, exactly one gets what it proves. In the transaction of the change
 * that it allows, so that a change which fails leaves the token as it was.
 * @returns undefined for a token that is unknown, used, void, expired or for another purpose
 */
export async function redeemProof(
  tx: Tx,
  { now }: Pick<Deps, 'now'>,
  purpose: Purpose,
  token: string,
): Promise<Proof | undefined> {
  const row = await tx
    .deleteFrom('proofs')
    .where('digest', '=', digestOf(purpose, token))
    .returning(['user_id', 'bound', 'created_at', 'expires_at'])
    .executeTakeFirst()
  if (!row || row.expires_at <= now()) return undefined
  return { user_id: row.user_id, bound: JSON.parse(row.bound), created_at: row.created_at }
}

/** Makes the tokens of an account for these purposes void; all of them by default. */
export async function voidProofs(tx: Tx, userId: number, purposes?: readonly Purpose[]): Promise<void> {
  await tx
    .deleteFrom('proofs')
    .where('user_id', '=', userId)
    .$if(purposes !== undefined, (query) => query.where('purpose', 'in', purposes ?? []))
    .execute()
}

/** The purpose is part of the digest, so that no token passes for one of another purpose. */
function digestOf(purpose: Purpose, token: string): string {
  return createHash('sha256').update(`${purpose}\0${token}`).digest('base64url')
}

async function sweep(tx: Tx, now: number): Promise<void> {
  const dead = tx.selectFrom('proofs').select('digest').where('expires_at', '<=', now).limit(sql.lit(SWEEP))
  await tx.deleteFrom('proofs').where('digest', 'in', skippingHeld(tx, dead)).execute()
}
