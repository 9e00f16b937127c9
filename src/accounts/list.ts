/** Lists of accounts in keyset pages: what is added or removed meanwhile neither repeats nor hides a row. */
import { type Static, Type } from '@sinclair/typebox'
import { sql } from 'kysely'
import { lowerAscii } from '../db/dialect.ts'
import type { Deps } from '../deps.ts'
import { Failure } from '../errors.ts'
import { NextCursor, pageQuery } from '../pages.ts'
import { named, ref } from '../schemas.ts'
import { hasRole, selectAccounts, toAccount, toUser } from './account.ts'
import { foldIdentifier } from './identifiers.ts'
import { AccountState, RoleName, User } from './schema.ts'

export const UserQuery = Type.Object(
  {
    ...pageQuery(100, 20),
    q: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 128,
        format: 'plain-text',
        description: 'part of a user name, address or name',
        example: 'ada',
      }),
    ),
    role: Type.Optional(ref(RoleName)),
    state: Type.Optional(ref(AccountState)),
  },
  { additionalProperties: false },
)

export const UserPage = named(
  'UserPage',
  Type.Object({
    items: Type.Array(ref(User), { description: 'in the order in which they were made' }),
    next_cursor: NextCursor,
  }),
)
export type UserPage = Static<typeof UserPage>

/**
 * One page of accounts.
 * @throws Failure validation_failed for a cursor that is none
 */
export async function listAccounts({ db }: Pick<Deps, 'db'>, query: Static<typeof UserQuery>): Promise<UserPage> {
  const { limit, cursor, q, role, state } = query
  let select = selectAccounts(db)
    .orderBy('users.id')
    .limit(limit + 1)
  if (cursor !== undefined) select = select.where('users.id', '>', readCursor(cursor))
  if (role !== undefined) select = select.where(hasRole(role))
  if (state !== undefined) select = select.where('disabled_at', state === 'active' ? 'is' : 'is not', null)
  if (q !== undefined) {
    const inName = lowerAscii(db, sql.val(wildcards(q.normalize('NFKC'))))
    const pattern = wildcards(foldIdentifier(q))
    const like = (column: string) => sql<boolean>`${sql.ref(column)} like ${pattern} escape '\\'`
    select = select.where((eb) =>
      eb.or([
        like('username_key'),
        like('email_key'),
        like('pending_email_key'),
        sql<boolean>`${lowerAscii(db, sql.ref('name'))} like ${inName} escape '\\'`,
      ]),
    )
  }
  const accounts = (await select.execute()).map(toAccount)
  const items = accounts.slice(0, limit)
  const last = items.at(-1)
  return {
    items: items.map(toUser),
    ...(accounts.length > limit && last && { next_cursor: writeCursor(last.id) }),
  }
}

/** A LIKE pattern for whatever contains the text. */
function wildcards(text: string): string {
  return `%${text.replace(/[\\%_]/g, '\\$&')}%`
}

function writeCursor(id: number): string {
  return Buffer.from(String(id)).toString('base64url')
}

function readCursor(cursor: string): number {
  const text = Buffer.from(cursor, 'base64url').toString()
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new Failure('validation_failed', {
    errors: [{ location: 'query', pointer: '/cursor', message: 'must come from next_cursor' }],
  })
}
