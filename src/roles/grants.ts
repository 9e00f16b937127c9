import { inChunks } from '../db/chunks.ts'
import { takeTurn } from '../db/dialect.ts'
import type { Tx } from '../db/transaction.ts'
import { Failure } from '../errors.ts'
import type { Role } from './permissions.ts'

/** Gives an account exactly these roles. */
export async function setRoles(tx: Tx, userId: number, roles: readonly Role[]): Promise<void> {
  await tx.deleteFrom('user_roles').where('user_id', '=', userId).execute()
  const rows = [...new Set(roles)].map((role) => ({ user_id: userId, role }))
  if (rows.length > 0) await tx.insertInto('user_roles').values(rows).execute()
}

/** Gives roles to accounts that have none yet. */
export async function grantRoles(
  tx: Tx,
  grants: readonly { user_id: number; roles: readonly Role[] }[],
): Promise<void> {
  const rows = grants.flatMap(({ user_id, roles }) => roles.map((role) => ({ user_id, role })))
  for (const chunk of inChunks(rows)) await tx.insertInto('user_roles').values(chunk).execute()
}

/**
 * Refuses what would leave nobody to administrate: called inside the transaction, after the change.
 * @throws Failure last_admin
 */
export async function requireActiveAdmin(tx: Tx): Promise<void> {
  // two that each take the other's role away would each see one admin left
  await takeTurn(tx, 'admins')
  const admin = await tx
    .selectFrom('user_roles')
    .innerJoin('users', 'users.id', 'user_roles.user_id')
    .select('users.id')
    .where('user_roles.role', '=', 'admin')
    .where('users.disabled_at', 'is', null)
    .limit(1)
    .executeTakeFirst()
  if (!admin) throw new Failure('last_admin')
}
