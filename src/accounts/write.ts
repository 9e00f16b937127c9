/** Writing accounts; uniqueness is the database's, and a violation becomes a 409. */
import { randomBytes } from 'node:crypto'
import { v7 as uuidv7 } from 'uuid'
import { holdingRows, violatedUnique } from '../db/dialect.ts'
import type { UserRow } from '../db/schema.ts'
import type { Tx } from '../db/transaction.ts'
import { type ErrorCode, Failure } from '../errors.ts'
import { canonicalLocale } from '../locale.ts'
import { foldIdentifier, isSameMailbox } from './identifiers.ts'
import { refuseLookAlike, skeletonOf } from './look-alike.ts'

/** What people say of themselves. */
export interface Profile {
  username?: string
  email?: string
  name?: string
  /** BCP 47 */
  locale?: string
}

const TAKEN = {
  username_key: 'username_taken',
  email_key: 'email_taken',
  pending_email_key: 'email_taken',
} as const satisfies Record<string, ErrorCode>

const NO_PENDING = { pending_email: null, pending_email_key: null }

/**
 * Adds an account.
 * @throws Failure username_taken, email_taken
 */
export async function insertAccount(
  tx: Tx,
  profile: Profile,
  { now, disabled }: { now: number; disabled: boolean },
): Promise<UserRow> {
  const row = {
    username: null,
    username_key: null,
    username_skeleton: null,
    email: null,
    email_key: null,
    name: null,
    locale: null,
    ...columnsOf(profile),
    uid: uuidv7({ msecs: now }),
    email_verified_at: null,
    disabled_at: disabled ? now : null,
    created_at: now,
    updated_at: now,
  }
  const written = await claimingNames(() => tx.insertInto('users').values(row).returningAll().executeTakeFirstOrThrow())
  // after the write: a copy that keeps writers out waits for whoever has read before it writes, who would wait for the copy
  if (profile.username !== undefined) await refuseLookAlike(tx, profile.username)
  return written
}

/**
 * Changes the members that are given; a new address is unproved.
 * @param disabled true or false to change the state, undefined to leave it
 * @throws Failure username_taken, email_taken
 */
export async function updateAccount(
  tx: Tx,
  account: UserRow,
  profile: Profile,
  { now, disabled }: { now: number; disabled: boolean | undefined },
): Promise<void> {
  const { username } = profile
  const columns = columnsOf(profile)
  const newAddress = columns.email !== undefined && !isSameMailbox(account.email, columns.email)
  const changes = {
    ...columns,
    ...(newAddress && { email_verified_at: null }),
    ...(columns.email !== undefined && NO_PENDING),
    ...(disabled !== undefined && { disabled_at: disabled ? (account.disabled_at ?? now) : null }),
    updated_at: now,
  }
  await claimingNames(() => tx.updateTable('users').set(changes).where('id', '=', account.id).execute())
  if (username !== undefined && username !== account.username) await refuseLookAlike(tx, username)
}

/**
 * Gives an account another address.
 * @param verified_at when it was proved
 * @throws Failure email_taken
 */
export async function setAddress(
  tx: Tx,
  id: number,
  email: string,
  { verified_at, now }: { verified_at: number; now: number },
): Promise<void> {
  const changes = { ...columnsOf({ email }), ...NO_PENDING, email_verified_at: verified_at, updated_at: now }
  await claimingNames(() => tx.updateTable('users').set(changes).where('id', '=', id).execute())
}

/**
 * Lets an account go by another address before that is proved; the proved one stays for what is sent.
 * @throws Failure email_taken if another account goes by it in this way
 */
export async function setPendingAddress(tx: Tx, id: number, email: string, now: number): Promise<void> {
  const changes = { pending_email: email, pending_email_key: foldIdentifier(email), updated_at: now }
  await claimingNames(() => tx.updateTable('users').set(changes).where('id', '=', id).execute())
}

/** Lets an account go by its proved address again. */
export async function dropPendingAddress(tx: Tx, id: number): Promise<void> {
  await tx.updateTable('users').set(NO_PENDING).where('id', '=', id).where('pending_email', 'is not', null).execute()
}

/** Takes an address from the account that goes by it without having proved it. @returns the account, if there is one */
export function releasePendingAddress(
  tx: Tx,
  email_key: string,
  except: number | undefined,
  now: number,
): Promise<UserRow | undefined> {
  return tx
    .updateTable('users')
    .set({ ...NO_PENDING, updated_at: now })
    .where('pending_email_key', '=', email_key)
    .$if(except !== undefined, (query) => query.where('id', '<>', except ?? 0))
    .returningAll()
    .executeTakeFirst()
}

/** The account that claims an address, in whatever spelling, without having proved it; nobody else changes it meanwhile. */
export function findClaimant(tx: Tx, email_key: string, except: number | undefined): Promise<UserRow | undefined> {
  const claims = tx
    .selectFrom('users')
    .selectAll()
    .where('email_key', '=', email_key)
    .where('email_verified_at', 'is', null)
    .$if(except !== undefined, (query) => query.where('id', '<>', except ?? 0))
  return holdingRows(tx, claims).executeTakeFirst()
}

/** Takes its address from an account. Who has no other name is given one, so that the account can still be signed in to. */
export async function releaseAddress(tx: Tx, { id, username }: UserRow, now: number): Promise<void> {
  // not made of what others know: a stranger who took it first would keep the owner from the address
  const given = username ?? `user-${randomBytes(8).toString('hex')}`
  const changes = { ...columnsOf({ username: given }), email: null, email_key: null, updated_at: now }
  await tx.updateTable('users').set(changes).where('id', '=', id).execute()
}

/** Notes that the address of an account was proved. */
export async function markVerified(tx: Tx, id: number, now: number): Promise<void> {
  await tx.updateTable('users').set({ email_verified_at: now }).where('id', '=', id).execute()
}

function columnsOf({ username, email, name, locale }: Profile) {
  return {
    ...(username !== undefined && {
      username,
      username_key: foldIdentifier(username),
      username_skeleton: skeletonOf(username),
    }),
    ...(email !== undefined && { email, email_key: foldIdentifier(email) }),
    ...(name !== undefined && { name: name === '' ? null : name }),
    ...(locale !== undefined && { locale: canonicalLocale(locale) ?? null }),
  }
}

async function claimingNames<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write()
  } catch (cause) {
    const column = violatedUnique(cause, ['username_key', 'email_key', 'pending_email_key'])
    throw column ? new Failure(TAKEN[column], { cause }) : cause
  }
}
