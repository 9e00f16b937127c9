/** One-time tokens for one purpose each: 256 bits, kept as a digest, used up by the first who shows them. */
import { createHash, randomBytes } from 'node:crypto'
import { type ExpressionBuilder, sql } from 'kysely'
import { holdingRows, isPostgres } from '../db/dialect.ts'
import type { Tables } from '../db/schema.ts'
import { sweep } from '../db/sweep.ts'
import type { Tx } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'

const HOUR = 3_600_000

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
  /** the digest of the request token that whoever asked was given */
  request?: string | undefined
  /** in ms */
  ttl: number
}

/** What a token proved. */
export interface Proof extends Pick<NewProof, 'user_id' | 'bound'> {
  created_at: number
  /** the digest of the request token that whoever asked was given; null where others may have asked */
  request: string | null
}

/** Purposes for which the newest token is the only one: what the signed-in wish last, and not what strangers may ask for. */
const REPLACED: ReadonlySet<Purpose> = new Set(['email-change', 'invitation'])

/** Purposes for which the first token that is used makes the others void. */
const USED_TOGETHER: ReadonlySet<Purpose> = new Set([
  'email-verify',
  'password-reset',
  'registration',
  'sign-in',
  'unlock',
])

/** So many tokens for a purpose live at once for each hour of their lives, more than limits let anybody ask for. */
const MOST_AN_HOUR = 12

/**
 * Makes a token. Those that anybody else has asked for stay good.
 * @returns the token, which is kept nowhere
 */
export async function issueProof(
  tx: Tx,
  { now }: Pick<Deps, 'now'>,
  { purpose, user_id, about, bound, request, ttl }: NewProof,
): Promise<string> {
  const token = randomBytes(32).toString('base64url')
  const at = now()
  const kin: Kin = { purpose, user_id, about: about ?? null }
  if (REPLACED.has(purpose)) await voidKin(tx, kin)
  if (USED_TOGETHER.has(purpose)) await makeRoom(tx, kin, MOST_AN_HOUR * Math.ceil(ttl / HOUR))
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

/** The tokens of an account, or about an address, for one purpose. */
interface Kin extends Pick<NewProof, 'purpose' | 'user_id'> {
  about: string | null
}

function voidKin(tx: Tx, { purpose, user_id, about }: Kin): Promise<void> {
  if (user_id !== null) return voidProofs(tx, user_id, [purpose])
  return about === null ? Promise.resolve() : voidProofsAbout(tx, about, [purpose])
}

/** Lets nobody else use one of these before the transaction ends, or two that use one each would wait for one another. */
async function holdKin(tx: Tx, { purpose, user_id, about }: Kin): Promise<void> {
  if (!isPostgres(tx)) return
  if (user_id !== null) await holdingRows(tx, tx.selectFrom('users').select('id').where('id', '=', user_id)).execute()
  else if (about !== null)
    await holdingRows(
      tx,
      tx
        .selectFrom('proofs')
        .select('digest')
        .where('about', '=', about)
        .where('purpose', '=', purpose)
        .orderBy('digest'),
    ).execute()
}

/** Where there are too many, as where limits are off, the oldest go. */
async function makeRoom(tx: Tx, { purpose, user_id, about }: Kin, most: number): Promise<void> {
  if (user_id === null && about === null) return
  const isKin = (eb: ExpressionBuilder<Tables, 'proofs'>) =>
    eb.and([eb('purpose', '=', purpose), user_id === null ? eb('about', '=', about) : eb('user_id', '=', user_id)])
  const staying = tx
    .selectFrom('proofs')
    .select('digest')
    .where(isKin)
    .orderBy('created_at', 'desc')
    .limit(sql.lit(most - 1))
  await tx.deleteFrom('proofs').where(isKin).where('digest', 'not in', staying).execute()
}

/**
 * Uses a token up: of any number of callers at once, exactly one gets what it proves, and those that were sent for the same
 * are void. In the transaction of the change that it allows, so that a change which fails leaves the token as it was.
 * @returns undefined for a token that is unknown, used, void, expired or for another purpose
 */
export async function redeemProof(
  tx: Tx,
  { now }: Pick<Deps, 'now'>,
  purpose: Purpose,
  token: string,
): Promise<Proof | undefined> {
  const digest = digestOf(purpose, token)
  const known = await tx
    .selectFrom('proofs')
    .select(['user_id', 'about'])
    .where('digest', '=', digest)
    .executeTakeFirst()
  if (!known) return undefined
  const kin = { purpose, ...known }
  if (USED_TOGETHER.has(purpose)) await holdKin(tx, kin)
  const row = await tx
    .deleteFrom('proofs')
    .where('digest', '=', digest)
    .returning(['user_id', 'bound', 'created_at', 'request', 'expires_at'])
    .executeTakeFirst()
  if (!row || row.expires_at <= now()) return undefined
  if (USED_TOGETHER.has(purpose)) await voidKin(tx, kin)
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

/** What somebody asked for about an address that no account has, whatever link they were sent; known by their digest. */
export async function findAsked(
  { db, now }: Pick<Deps, 'db' | 'now'>,
  purpose: Purpose,
  about: string,
  request: string,
): Promise<Proof | undefined> {
  const row = await db
    .selectFrom('proofs')
    .select(['user_id', 'bound', 'created_at', 'request'])
    .where('about', '=', about)
    .where('purpose', '=', purpose)
    .where('request', '=', request)
    .where('expires_at', '>', now())
    .executeTakeFirst()
  return row && { ...row, bound: JSON.parse(row.bound) }
}

/** Who asked for the newest token of an account for a purpose: the digest of their request token. */
export async function askerOf(tx: Tx, userId: number, purpose: Purpose): Promise<string | undefined> {
  const row = await tx
    .selectFrom('proofs')
    .select('request')
    .where('user_id', '=', userId)
    .where('purpose', '=', purpose)
    .orderBy('created_at', 'desc')
    .executeTakeFirst()
  return row?.request ?? undefined
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
