/** Passwords at rest: one hash an account, a PHC string of argon2id unless it came from another system. */
import { compiled } from '../db/compiled.ts'
import { holdingRows } from '../db/dialect.ts'
import type { Db } from '../db/open.ts'
import type { Tx } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'
import type { Claimant } from './admission.ts'

const selectHash = compiled<{ user_id: number }, { hash: string }>((db, stand) =>
  db.selectFrom('passwords').select('hash').where('user_id', '=', stand('user_id')),
)

/** The stored hash, or undefined for an account without a password. */
export async function findHash(db: Db | Tx, userId: number): Promise<string | undefined> {
  const [row] = await selectHash(db, { user_id: userId })
  return row?.hash
}

/** The same, and nobody changes it before the transaction ends. */
export async function findHashForChange(tx: Tx, userId: number): Promise<string | undefined> {
  const hash = tx.selectFrom('passwords').select('hash').where('user_id', '=', userId)
  return (await holdingRows(tx, hash).executeTakeFirst())?.hash
}

/** Stores a hash that the service made in place of whatever the account had. */
export async function storeHash(db: Db | Tx, userId: number, hash: string, now: number): Promise<void> {
  const row = { hash, updated_at: now, weak_format: null }
  await db
    .insertInto('passwords')
    .values({ user_id: userId, ...row })
    .onConflict((conflict) => conflict.column('user_id').doUpdateSet(row))
    .execute()
}

/** Leaves an account without a password; nothing that anybody types is right then. @returns whether it had one */
export async function removePassword(tx: Tx, userId: number): Promise<boolean> {
  const { numDeletedRows } = await tx.deleteFrom('passwords').where('user_id', '=', userId).executeTakeFirst()
  return numDeletedRows > 0n
}

/**
 * Whether the password is the account's. Without an account or a password the answer is no, and takes as long.
 * @param from who asks, for a fair turn
 * @param decoy whose hash is read, and not looked at, where there is no account
 * @returns the hash it was checked against, or undefined when it is wrong
 */
export async function checkPassword(
  { db, hasher }: Pick<Deps, 'db' | 'hasher'>,
  userId: number | undefined,
  password: string,
  from: Claimant,
  decoy = 0,
): Promise<string | undefined> {
  // asked in any case: on PostgreSQL the way there and back would tell whether there is such an account; no id is 0
  const read = await findHash(db, userId ?? decoy)
  const hash = userId === undefined ? undefined : read
  const right =
    hash === undefined ? await hasher.verifyNothing(password, from) : await hasher.verify(hash, password, from)
  return right ? hash : undefined
}

/**
 * Hashes anew what was hashed with other parameters or by another system. Gives way to whatever happens meanwhile: a
 * changed password stays changed, and a full queue only puts it off to the next sign-in.
 * @returns the hash that is stored now
 */
export async function renewHash(
  { db, hasher, now }: Pick<Deps, 'db' | 'hasher' | 'now'>,
  userId: number,
  hash: string,
  password: string,
  from: Claimant,
): Promise<string> {
  if (!hasher.isOutdated(hash)) return hash
  const renewed = await hasher.hash(password, from).catch(() => undefined)
  if (renewed === undefined) return hash
  const { numUpdatedRows } = await db
    .updateTable('passwords')
    .set({ hash: renewed, updated_at: now(), weak_format: null })
    .where('user_id', '=', userId)
    .where('hash', '=', hash)
    .executeTakeFirst()
  return numUpdatedRows > 0n ? renewed : hash
}
