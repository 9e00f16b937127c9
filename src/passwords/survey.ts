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
  let own: number | undefined

  async function lookAt(last: number): Promise<void> {
    for (const hash of await findOthers(db, hasher.prefix, { after: seen, last })) {
      const work = workOf(hash)
      if (work && work.units > (dearest.get(work.kind)?.units ?? 0)) dearest.set(work.kind, { units: work.units, hash })
    }
    seen = last
  }

  return {
    async look() {
      own ??= await hasher.measure()
      const highest = await highestId(db)
      while (seen < highest) {
        await lookAt(Math.min(highest, seen + STEP))
        await after(PAUSE, undefined, { signal })
      }
      const costs = [own]
      for (const { hash } of dearest.values()) costs.push(await hasher.costs.costOf(hash))
      return { own, dearest: Math.max(...costs) }
    },
  }
}

async function highestId(db: Db): Promise<number> {
  const row = await db
    .selectFrom('passwords')
    .select(({ fn }) => fn.max('user_id').as('highest'))
    .executeTakeFirst()
  return Number(row?.highest ?? 0)
}

/** The hashes of some accounts that do not begin as ours do. */
async function findOthers(db: Db, prefix: string, { after, last }: { after: number; last: number }): Promise<string[]> {
  const rows = await db
    .selectFrom('passwords')
    .select('hash')
    .where('user_id', '>', after)
    .where('user_id', '<=', last)
    .where('hash', 'not like', `${prefix}%`)
    .execute()
  return rows.map(({ hash }) => hash)
}
