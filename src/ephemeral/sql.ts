/** The embedded store: two tables of the service's own database. */
import { sql } from 'kysely'
import { createNews, type NewsNeeds } from './news.ts'
import type { Count, Ephemeral } from './store.ts'
import { sweep } from './sweep.ts'

/** A window that ends later than a new one would, by more than this, in ms, is of a clock that was set back since. */
const APART = 5000

/** Makes the embedded store; the database stays open when the store closes. */
export async function createSqlEphemeral(needs: NewsNeeds): Promise<Ephemeral & { close(): Promise<void> }> {
  const { db, now } = needs
  return {
    ...(await createNews(needs)),

    kind: 'sql',
    isShared: () => true,
    probe: async () => {},

    async put(key, value, ttl) {
      const row = { value, expires_at: now() + ttl }
      await db
        .insertInto('ephemeral')
        .values({ key, ...row })
        .onConflict((conflict) => conflict.column('key').doUpdateSet(row))
        .execute()
      await sweep(db, 'ephemeral', 'key', now())
    },

    async take(key) {
      const row = await db
        .deleteFrom('ephemeral')
        .where('key', '=', key)
        .returning(['value', 'expires_at'])
        .executeTakeFirst()
      return row && row.expires_at > now() ? row.value : undefined
    },

    async peek(key) {
      const row = await db
        .selectFrom('ephemeral')
        .select('value')
        .where('key', '=', key)
        .where('expires_at', '>', now())
        .executeTakeFirst()
      return row?.value
    },

    async count(key, window): Promise<Count> {
      const at = now()
      const isOpen = sql`ephemeral.expires_at > ${at} and ephemeral.expires_at <= ${at + window + APART}`
      const row = await db
        .insertInto('ephemeral')
        .values({ key, value: '1', expires_at: at + window })
        .onConflict((conflict) =>
          conflict.column('key').doUpdateSet({
            value: sql<string>`case when ${isOpen} then cast(cast(ephemeral.value as integer) + 1 as text) else '1' end`,
            expires_at: sql<number>`case when ${isOpen} then ephemeral.expires_at else excluded.expires_at end`,
          }),
        )
        .returning(['value', 'expires_at'])
        .executeTakeFirstOrThrow()
      await sweep(db, 'ephemeral', 'key', at)
      return { count: Number(row.value), resets_at: row.expires_at }
    },
  }
}
