/** A whole database into another one, while the service works on the first. */
import { sql } from 'kysely'
import { continueIds, highestId, isPostgres, liftLimits } from '../db/dialect.ts'
import { type Mark, readMark, writeMark } from '../db/mark.ts'
import { aloneIn, withOneState } from '../db/one-state.ts'
import type { Db } from '../db/open.ts'
import { type BothSums, catchUp, forgetChanges } from './changes.ts'
import type { Sums } from './checksum.ts'
import { beginCopy, closeSource, type Ends } from './ends.ts'
import { fillTarget } from './fill.ts'
import { checkForeignKeys, refuseFewer, restoreForeignKeys, validateForeignKeys } from './foreign-keys.ts'
import { readProgress } from './progress.ts'
import { countRows } from './rows.ts'
import { TABLES } from './tables.ts'
import { recount, refuseDifferences, verifyAll } from './verify.ts'

/** What a copy reports while it is made: called with the number of rows a step will take, it returns who counts them. */
export type Watch = (step: 'copying' | 'verifying', rows: number) => (count: number) => void

export interface Copied {
  /** whether the source may not be written any more */
  isClosed: boolean
  /** rows and checksums by table, the same on both sides; undefined where everything had been done before */
  sums: Sums | undefined
  /** rows that changed while it was made */
  changes: number
  /** how long writes had to wait at the end, in ms; undefined where the source goes on */
  pause: number | undefined
}

/** Fewer changes than these are left for the pause. */
const FEW = 200

/** So often, at most, the target catches up before the pause; under a load that never lets up it is never quite there. */
const ROUNDS = 8

/**
 * Copies the source into the target, or goes on with that, and compares the two. With `isLast` it then keeps writers
 * out, brings the last changes over, and closes the source: what was acknowledged is in the target.
 * @throws when the two differ in the end, or cannot be used; the source then goes on as before
 */
export async function copyDatabase(ends: Ends, isLast: boolean, watch: Watch): Promise<Copied> {
  const mark = await beginCopy(ends)
  if (mark.state === 'closed' && (await readMark(ends.target.db))?.state === 'whole')
    return { isClosed: true, sums: undefined, changes: 0, pause: undefined }
  let changes = await atOneState(ends, async (state) => {
    const count = await catchUp(state, ends)
    await fillTarget(state, ends, watch('copying', await rowsLeft(ends, state)))
    return count
  })
  await analyse(ends)
  const sums = await atOneState(ends, async (state) => {
    changes += await catchUp(state, ends)
    await checkReferences(ends)
    return verifyAll(state, ends, watch('verifying', 2 * (await countAll(ends, state))))
  })
  if (!isLast && mark.state === 'open') return { isClosed: false, sums: sums.source, changes, pause: undefined }
  for (let round = 0; round < ROUNDS; round += 1) {
    const count = await atOneState(ends, (state) => catchUp(state, ends, sums))
    changes += count
    if (count < FEW) break
  }
  const pause = mark.state === 'open' ? await close(ends, mark, sums) : undefined
  await release(ends, mark)
  return { isClosed: true, sums: sums.source, changes, pause }
}

/** A step that reads one state of the source, of which nothing has to be noted any more when it is done. */
function atOneState<T>({ source }: Ends, work: (state: Db) => Promise<T>): Promise<T> {
  return withOneState(source.url, source.db, async (state) => {
    const result = await work(state)
    await forgetChanges(state, source.db)
    return result
  })
}

/** @throws when the target would be left without a reference, or a row leads nowhere */
async function checkReferences({ target, run }: Ends): Promise<void> {
  const { foreign_keys } = await target.db.transaction().execute((tx) => readProgress(tx, run))
  await refuseFewer(target.db, foreign_keys)
  await checkForeignKeys(target.db)
}

async function countAll({ tables }: Ends, db: Db): Promise<number> {
  let count = 0
  for (const table of tables) count += await countRows(db, table)
  return count
}

const rowsLeft = async (ends: Ends, state: Db) =>
  Math.max(0, (await countAll(ends, state)) - (await countAll(ends, ends.target.db)))

/** PostgreSQL would find out by itself how many rows there are, but only after the first requests. */
async function analyse({ target }: Ends): Promise<void> {
  if (isPostgres(target.db)) await sql`analyze ${sql.join(TABLES.map((table) => sql.table(table)))}`.execute(target.db)
}

/** @returns how long others could not write, in ms */
async function close(ends: Ends, mark: Mark, sums: BothSums): Promise<number> {
  const start = performance.now()
  await aloneIn(ends.source.db, TABLES, async (tx) => {
    await catchUp(tx, ends, sums)
    refuseDifferences(ends, sums)
    await recount(tx, ends, sums)
    await closeSource(tx, mark)
  })
  return performance.now() - start
}

/** Makes the target a database like any other, in which a service may start. */
async function release({ source, target, tables, run }: Ends, { id }: Mark): Promise<void> {
  const foreignKeys = await target.db.transaction().execute(async (tx) => {
    await liftLimits(tx)
    const { foreign_keys } = await readProgress(tx, run)
    await restoreForeignKeys(tx, foreign_keys)
    for (const { table, counts } of tables) if (counts) await continueIds(tx, table, await highestId(source.db, table))
    await writeMark(tx, { id, part: 'target', state: 'whole', peer: source.shown, progress: '{}' })
    return foreign_keys
  })
  await validateForeignKeys(target.db, foreignKeys)
}
