/** Many accounts at once, for who brings them in or takes them out. */
import type { Insertable } from 'kysely'
import { inChunks } from '../db/chunks.ts'
import { reserveIds } from '../db/dialect.ts'
import type { Db } from '../db/open.ts'
import type { Tables, UserRow } from '../db/schema.ts'
import type { Tx } from '../db/transaction.ts'
import { selectAccounts } from './account.ts'

/** Account columns by which one account can be in another's way. */
const IN_THE_WAY = ['id', 'uid', 'username_key', 'email_key'] as const

/** The accounts that have any of these ids, numbers or folded names. */
export async function findTaken(
  db: Db | Tx,
  wanted: Readonly<Record<(typeof IN_THE_WAY)[number], readonly (string | number)[]>>,
): Promise<Pick<UserRow, (typeof IN_THE_WAY)[number]>[]> {
  const found = new Map<number, Pick<UserRow, (typeof IN_THE_WAY)[number]>>()
  for (const column of IN_THE_WAY) {
    for (const chunk of inChunks(wanted[column])) {
      const rows = await db
        .selectFrom('users')
        .select(IN_THE_WAY)
        .where(column, 'in', chunk as never)
        .execute()
      for (const row of rows) found.set(row.id, row)
    }
  }
  return [...found.values()]
}

/**
 * Adds accounts, with others kept out. Those that bring a number come first, so that none of the others is given it.
 * @returns the number of each, by its id
 */
export async function insertAccounts(
  tx: Tx,
  rows: readonly Insertable<Tables['users']>[],
): Promise<ReadonlyMap<string, number>> {
  const numbers = new Map<string, number>()
  const highest = rows.reduce((most, { id = 0 }) => Math.max(most, id), 0)
  if (highest > 0) await reserveIds(tx, 'users', highest)
  for (const part of [rows.filter(({ id }) => id !== undefined), rows.filter(({ id }) => id === undefined)]) {
    for (const chunk of inChunks(part)) {
      const written = await tx.insertInto('users').values(chunk).returning(['id', 'uid']).execute()
      for (const { id, uid } of written) numbers.set(uid, id)
    }
  }
  return numbers
}

/** Accounts with their password hashes that follow a number, in the order of their numbers. */
export function listWithHashes(db: Db, after: number, limit: number) {
  return selectAccounts(db)
    .leftJoin('passwords', 'passwords.user_id', 'users.id')
    .select('passwords.hash')
    .where('users.id', '>', after)
    .orderBy('users.id')
    .limit(limit)
    .execute()
}
