/** The embedded store: two tables of the service's own database. */
import { sql } from 'kysely'
import { sweep } from '../db/sweep.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import { createNews, type NewsNeeds } from './news.ts'
import type { Count, Ephemeral } from './store.ts'
import { joinTries, judgeTry, type Tries } from './tries.ts'

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

    async count(key, window, by = 1): Promise<Count> {
      const at = now()
      const isOpen = sql`ephemeral.expires_at > ${at} and ephemeral.expires_at <= ${at + window + APART}`
      const row = await db
        .insertInto('ephemeral')
        .values({ key, value: String(by), expires_at: at + window })
        .onConflict((conflict) =>
          conflict.column('key').doUpdateSet({
            value: sql<string>`case when ${isOpen} then cast(cast(ephemeral.value as integer) + cast(${by} as integer) as text) else excluded.value end`,
            expires_at: sql<number>`case when ${isOpen} then ephemeral.expires_at else excluded.expires_at end`,
          }),
        )
        .returning(['value', 'expires_at'])
        .executeTakeFirstOrThrow()
      await sweep(db, 'ephemeral', 'key', at)
      return { count: Number(row.value), resets_at: row.expires_at }
    },

    async attempt(tried) {
      const at = now()
      const attempt = await inTransaction(db, async (tx) => {
        const judged = []
        // always in the order of the caller, so that no two wait for one another
        for (const { key, spacing } of tried) judged.push(judgeTry(await holdTries(tx, key), spacing, at))
        const joined = joinTries(tried, judged)
        if (joined.refused === undefined)
          for (const [index, { after }] of judged.entries()) await keepTries(tx, tried[index]?.key ?? '', after)
        return joined
      })
      await sweep(db, 'ephemeral', 'key', at)
      return attempt
    },

    async forgive(tried) {
      for (const { key, spacing } of tried)
        await db
          .updateTable('ephemeral')
          .set({ expires_at: sql<number>`expires_at - ${spacing.memory}` })
          .where('key', '=', TRIES + key)
          .execute()
    },

    async forget(keys) {
      const names = keys.map((key) => TRIES + key)
      if (names.length > 0) await db.deleteFrom('ephemeral').where('key', 'in', names).execute()
    },
  }
}

/** What the keys of tries begin with; the value is the time of the last, and they expire when they are forgotten. */
const TRIES = 'tries:'

/** The tries under a key; nobody else counts one before the transaction ends. */
async function holdTries(tx: Tx, key: string): Promise<Tries> {
  const row = await tx
    .insertInto('ephemeral')
    .values({ key: TRIES + key, value: '0', expires_at: 0 })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ key: TRIES + key }))
    .returning(['value', 'expires_at'])
    .executeTakeFirstOrThrow()
  return { last: Number(row.value), forgotten: row.expires_at }
}

async function keepTries(tx: Tx, key: string, { last, forgotten }: Tries): Promise<void> {
  await tx
    .updateTable('ephemeral')
    .set({ value: String(last), expires_at: forgotten })
    .where('key', '=', TRIES + key)
    .execute()
}
