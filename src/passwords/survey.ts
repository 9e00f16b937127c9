/** What the dearest stored hash takes to check, which the floor of refusals has to be above. */
import { setTimeout as after } from 'node:timers/promises'
import type { Db } from '../db/open.ts'
import type { Deps } from '../deps.ts'
import { type WorkKind, workOf } from './formats/work.ts'

/**
 * Accounts are looked at so many at a time, by their numbers, with a pause of so many ms: a step keeps the thread for two or
 * three ms at the most, and a million accounts take a minute.
 */
const STEP = 250
const PAUSE = 10

export interface Survey {
  /** Looks at the accounts that were added since the last time. @returns what a hash of ours and the dearest check take, in ms */
  look(): Promise<{ own: number; dearest: number }>
}

/**
 * Makes the survey of one process.
 * @param signal ends it
 */
export function createSurvey({ db, hasher }: Pick<Deps, 'db' | 'hasher'>, signal: AbortSignal): Survey {
  const dearest = new Map<WorkKind, { units: number; hash: string }>()
  let seen = 0
  let imported: string | undefined
  let own: number | undefined

  /** @returns whether there may be more */
  async function lookOn(): Promise<boolean> {
    const rows = await findAfter(db, seen)
    for (const { user_id, hash } of rows) {
      seen = user_id
      const work = hash.startsWith(hasher.prefix) ? undefined : workOf(hash)
      if (work && work.units > (dearest.get(work.kind)?.units ?? 0)) dearest.set(work.kind, { units: work.units, hash })
    }
    return rows.length === STEP
  }

  return {
    async look() {
      own ??= await hasher.measure()
      const newest = await findNewestImport(db)
      // it may have brought numbers of its own, below those that were looked at
      if (newest !== imported) seen = 0
      imported = newest
      while (await lookOn()) await after(PAUSE, undefined, { signal })
      const costs = [own]
      for (const { hash } of dearest.values()) costs.push(await hasher.costs.costOf(hash))
      return { own, dearest: Math.max(...costs) }
    },
  }
}

/** Told by the log, which every import writes to. */
async function findNewestImport(db: Db): Promise<string | undefined> {
  const row = await db
    .selectFrom('audit_events')
    .select(({ fn }) => fn.max('id').as('id'))
    .where('action', '=', 'accounts.import')
    .executeTakeFirst()
  return row?.id ?? undefined
}

/** A step of hashes. By their order and not by ranges of numbers: people who were brought in may have numbers far apart. */
function findAfter(db: Db, user_id: number) {
  return db
    .selectFrom('passwords')
    .select(['user_id', 'hash'])
    .where('user_id', '>', user_id)
    .orderBy('user_id')
    .limit(STEP)
    .execute()
}
