/** Sessions in numbers, without signing in for each. */
import { v7 as uuidv7 } from 'uuid'
import type { SessionRow } from '../../src/db/schema.ts'
import type { TestApp } from './app.ts'

/** What a header can hold that takes most room in JSON. */
export const LONGEST_AGENT = '"'.repeat(256)

/** The longest spelling of an address. */
export const LONGEST_ADDRESS = 'ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255'

/**
 * Gives an account so many sessions more, of which each was used a millisecond after the one before.
 * @param changes with `user_id` where there is more than one account
 */
export async function multiplySessions(
  app: TestApp,
  times: number,
  changes: Partial<SessionRow> = {},
): Promise<SessionRow[]> {
  const one = await app.db.selectFrom('sessions').selectAll().orderBy('id', 'desc').limit(1).executeTakeFirstOrThrow()
  const rows = Array.from({ length: times }, (_, index) => {
    const at = one.created_at - 2 * times + index
    const living = { kind: 'tokens' as const, revoked_at: null, revoked_reason: null }
    return { ...one, ...living, id: uuidv7({ msecs: at }), created_at: at, last_used_at: at, ...changes }
  })
  for (let start = 0; start < times; start += 500)
    await app.db
      .insertInto('sessions')
      .values(rows.slice(start, start + 500))
      .execute()
  return rows
}
