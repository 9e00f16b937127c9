/** One-time tokens for one purpose each: 256 bits, kept as a digest, used up by the first who shows them. */
import { createHash, randomBytes } from 'node:crypto'
import { sweep } from '../db/sweep.ts'
import type { Tx } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'

/** What a token can prove; a closed list. */
const PURPOSES = [
  'email-change',
  'email-change-undo',
  'email-verify',
  'invitation',
  'password-reset',
  'registration',
  'session-end',
  'sign-in',
  'unlock',
] as const
export type Purpose = (typeof PURPOSES)[number]

/** Whoever has changed an address must not be able to keep its former owner from taking that back. */
export const ALL_BUT_UNDO: readonly Purpose[] = PURPOSES.filter((purpose) => purpose !== 'email-change-undo')

/** What a new password makes void: other ways in, and the change of address that was not confirmed yet. */
export const VOID_BY_NEW_PASSWORD: readonly Purpose[] = ['email-change', 'password-reset', 'sign-in']

export interface NewProof {
  purpose: Purpose
  /** whose it is; null where there is no account yet */
  user_id: number | null
  /** in place of an account: whom it was sent to, as a folded address */
  about?: string
  /** what must still be so when the token is shown, such as the address that it was sent to */
  bound: Readonly<Record<string, string | number>>
  /** the digest of the request token that whoever registered was given, where the token completes a registration */
  request?: string | undefined
  /** in ms */
  ttl: number
}

/** What a token proved. */
export interface Proof extends Pick<NewProof, 'user_id' | 'bound'> {
  created_at: number
  /** the digest of the request token that whoever registered was given; null for what no registration has sent */
  request: string | null
}

/** Purposes of which one account may hold several tokens, each about something else. */
const SEVERAL: ReadonlySet<Purpose> = new Set(['email-change-undo', 'session-end'])

/**
 * Makes a token; the older ones of the account, or about the same address, for the same purpose are void.
 * @returns the token, which is kept nowhere
 */
export async function issueProof(
  tx: Tx,
  { now }: Pick<Deps, 'now'>,
  { purpose, user_id, about, bound, request, ttl }: NewProof,
): Promise<string> {
  const token = randomBytes(32).toString('base64url')
  const at = now()
  if (user_id !== null && !SEVERAL.has(purpose)) await voidProofs(tx, user_id, [purpose])
  if (about !== undefined) await voidProofsAbout(tx, about, [purpose])
  await sweep(tx, 'proofs', 'digest', at)
  await tx
    .insertInto('proofs')
    .values({
      digest: digestOf(purpose, token),
      purpose,
      user_id,
      about: about ?? null,
      bound: JSON.stringify(bound),
      request: request ?? null,
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
    .returning(['user_id', 'bound', 'created_at', 'request', 'expires_at'])
    .executeTakeFirst()
  if (!row || row.expires_at <= now()) return undefined
  const { expires_at: _, ...proof } = row
  return { ...proof, bound: JSON.parse(row.bound) }
}

/**
 * What a token would prove, without using it up: for what has to be looked at before the change is begun.
 * @returns undefined for a token that is unknown, used, void, expired or for another purpose
 */
export async function peekProof(
  { db, now }: Pick<Deps, 'db' | 'now'>,
  purpose: Purpose,
  token: string,
): Promise<Proof | undefined> {
  const row = await db
    .selectFrom('proofs')
    .select(['user_id', 'bound', 'created_at', 'request'])
    .where('digest', '=', digestOf(purpose, token))
    .where('expires_at', '>', now())
    .executeTakeFirst()
  return row && { ...row, bound: JSON.parse(row.bound) }
}

/** Makes the tokens about an address that no account had void. */
export async function voidProofsAbout(tx: Tx, about: string, purposes: readonly Purpose[]): Promise<void> {
  await tx.deleteFrom('proofs').where('about', '=', about).where('purpose', 'in', purposes).execute()
}

/** Makes the tokens of an account for these purposes void; all of them by default. */
export async function voidProofs(tx: Tx, userId: number, purposes?: readonly Purpose[]): Promise<void> {
  await tx
    .deleteFrom('proofs')
    .where('user_id', '=', userId)
    .$if(purposes !== undefined, (query) => query.where('purpose', 'in', purposes ?? []))
    .execute()
}

/**
 * Makes the tokens of an account void that were made at that moment or later, epoch ms; and those of before too, but for
 * one purpose.
 */
export async function voidProofsSince(tx: Tx, userId: number, since: number, keptBefore: Purpose): Promise<void> {
  await tx
    .deleteFrom('proofs')
    .where('user_id', '=', userId)
    .where((eb) => eb.or([eb('purpose', '<>', keptBefore), eb('created_at', '>=', since)]))
    .execute()
}

/** The purpose is part of the digest, so that no token passes for one of another purpose. */
function digestOf(purpose: Purpose, token: string): string {
  return createHash('sha256').update(`${purpose}\0${token}`).digest('base64url')
}
