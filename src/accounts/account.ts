/** An account as the rest of the service sees it: its row and its roles. */
import { type Expression, type SqlBool, sql } from 'kysely'
import { compiled } from '../db/compiled.ts'
import { holdingRows, isPostgres } from '../db/dialect.ts'
import type { Db } from '../db/open.ts'
import type { UserRow } from '../db/schema.ts'
import type { Tx } from '../db/transaction.ts'
import { Failure } from '../errors.ts'
import { ROLES, type Role } from '../roles/permissions.ts'
import { foldIdentifier, isSameMailbox, looksLikeEmail } from './identifiers.ts'
import type { User } from './schema.ts'

export interface Account extends UserRow {
  /** in alphabetical order */
  roles: readonly Role[]
}

/** A row with the roles as SQL gathers them: one string, comma-separated. */
export type AccountRow = UserRow & { role_list: string | null }

/** The roles of the `users` row at hand, as one comma-separated string. */
export const roleList = sql<string | null>`(
  select string_agg(user_roles.role, ',') from user_roles where user_roles.user_id = users.id
)`.as('role_list')

/** The account query; callers add what they look for. */
export function selectAccounts(db: Db | Tx) {
  return db.selectFrom('users').selectAll('users').select(roleList)
}

/** Splits the gathered roles. */
export function toAccount({ role_list, ...row }: AccountRow): Account {
  return { ...row, roles: toRoles(role_list) }
}

/**
 * Roles out of the comma-separated list that SQL gathers. Ours rather than pieces of that text: whatever is looked up by a
 * text that was just made has to be found among all names first.
 */
function toRoles(list: string | null): readonly Role[] {
  const held = list?.split(',') ?? []
  return ROLES.filter((role) => held.includes(role))
}

const findByKey = {
  email: compiled<{ key: string }, AccountRow>((db, stand) => selectAccounts(db).where('email_key', '=', stand('key'))),
  username: compiled<{ key: string }, AccountRow>((db, stand) =>
    selectAccounts(db).where('username_key', '=', stand('key')),
  ),
}

/** The account that a login identifier names: an e-mail address if it has an `@`, a user name otherwise. */
export async function findByIdentifier(db: Db | Tx, identifier: string): Promise<Account | undefined> {
  const find = looksLikeEmail(identifier) ? findByKey.email : findByKey.username
  const [row] = await find(db, { key: foldIdentifier(identifier) })
  return row && toAccount(row)
}

const findOrOldest = {
  email: compiled<{ key: string }, AccountRow>((db, stand) =>
    selectAccounts(db).where('users.id', '=', idOrOldest(stand('key'), 'email_key', 'pending_email_key')),
  ),
  username: compiled<{ key: string }, AccountRow>((db, stand) =>
    selectAccounts(db).where('users.id', '=', idOrOldest(stand('key'), 'username_key')),
  ),
}

const idOrOldest = (key: Expression<string>, ...columns: string[]) => sql<number>`coalesce(
  ${sql.join(columns.map((column) => sql`(select named.id from users as named where ${sql.ref(`named.${column}`)} = ${key})`))},
  (select min(oldest.id) from users as oldest)
)`

/**
 * The account that a login identifier names, by a pending address too if that is nobody's; or none and another one in its place: reading a row takes longer than
 * reading none, and who counts microseconds could tell.
 */
export async function findOrDecoy(
  db: Db | Tx,
  identifier: string,
): Promise<{ account: Account | undefined; decoy: number }> {
  const key = foldIdentifier(identifier)
  const isEmail = looksLikeEmail(identifier)
  const [row] = await (isEmail ? findOrOldest.email : findOrOldest.username)(db, { key })
  const found = row && toAccount(row)
  const isNamed = found && (isEmail ? [found.email_key, found.pending_email_key] : [found.username_key]).includes(key)
  return { account: isNamed ? found : undefined, decoy: found?.id ?? 0 }
}

/** The account with this number, if it still exists. */
export async function findById(db: Db | Tx, id: number): Promise<Account | undefined> {
  const row = await selectAccounts(db).where('users.id', '=', id).executeTakeFirst()
  return row && toAccount(row)
}

/** The same, which nobody else changes before the transaction ends. */
export async function findByIdForChange(tx: Tx, id: number): Promise<Account | undefined> {
  if (isPostgres(tx)) await holdingRows(tx, tx.selectFrom('users').select('id').where('id', '=', id)).execute()
  return findById(tx, id)
}

/** What to call the person behind an account; undefined where nothing is known but an address. */
export function nameOf({ name, username }: Pick<Account, 'name' | 'username'>): string | undefined {
  return name ?? username ?? undefined
}

/** @throws Failure user_not_found */
export async function getAccount(db: Db | Tx, uid: string): Promise<Account> {
  const row = await selectAccounts(db).where('uid', '=', uid).executeTakeFirst()
  if (!row) throw new Failure('user_not_found')
  return toAccount(row)
}

/**
 * The account, which nobody else changes before the transaction ends.
 * @throws Failure user_not_found
 */
export async function getAccountForChange(tx: Tx, uid: string): Promise<Account> {
  // a query of its own: one that waited for a row sees that row anew, and the roles as they were when it began
  if (isPostgres(tx)) await holdingRows(tx, tx.selectFrom('users').select('id').where('uid', '=', uid)).execute()
  return getAccount(tx, uid)
}

/** The address that an account goes by; for what is sent, the one that was proved counts. */
export function addressOf({ email, pending_email }: Pick<Account, 'email' | 'pending_email'>): string | null {
  return pending_email ?? email
}

/** The account as the API shows it. Absent means none: no member is ever null. */
export function toUser(account: Account): User {
  const { uid, username, name, locale, disabled_at, pending_email } = account
  const email = addressOf(account)
  const proved = pending_email === null ? null : account.email
  return {
    id: uid,
    ...(username !== null && { username }),
    ...(email !== null && { email }),
    email_verified: pending_email === null && account.email_verified_at !== null,
    ...(proved !== null && { proved_email: proved }),
    ...(name !== null && { name }),
    ...(locale !== null && { locale }),
    roles: [...account.roles],
    created_at: new Date(account.created_at).toISOString(),
    updated_at: new Date(account.updated_at).toISOString(),
    ...(disabled_at !== null && { disabled_at: new Date(disabled_at).toISOString() }),
  }
}

/** The account after a change; an address that was asked for and that it does not have yet has to be confirmed. */
export function toChangedUser(account: Account, { email }: { email?: string }): User {
  const isPending = email !== undefined && !isSameMailbox(addressOf(account), email)
  return { ...toUser(account), ...(isPending && { pending_email: email }) }
}

/** Whether a condition over `users` holds for accounts with this role. */
export function hasRole(role: Role): Expression<SqlBool> {
  return sql<SqlBool>`exists (select 1 from user_roles where user_roles.user_id = users.id and user_roles.role = ${role})`
}
