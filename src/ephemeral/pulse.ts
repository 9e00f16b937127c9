/** The heartbeat of a node: what it commits again and again, to know whether what it commits counts. */
import { randomBytes } from 'node:crypto'
import { isPostgres, isWriteRefused } from '../db/dialect.ts'
import type { Db } from '../db/open.ts'
import { type Place, type PlaceRow, placeColumns, toPlace } from '../db/place.ts'
import { sweep } from '../db/sweep.ts'

/** How long the row of a node stays when the node does not, in ms. */
const TTL = 60_000

export interface Pulse {
  /** When the last heartbeat that was committed had begun, in ms of `elapsed()`; -∞ before the first. */
  at(): number
  /** Where the server was that committed it; undefined on SQLite. */
  place(): Place | undefined
  /** Why the database took the last one as little as any other write: it is full or read-only. */
  refusal(): unknown
  /**
   * Commits one; who comes while that is under way gets its end.
   * @throws when it was not committed, as far as is known
   */
  beat(): Promise<void>
}

interface Needs {
  db: Db
  now: () => number
  elapsed: () => number
}

/** Makes one that has never beaten. */
export function createPulse({ db, now, elapsed }: Needs): Pulse {
  const node = randomBytes(12).toString('base64url')
  let at = Number.NEGATIVE_INFINITY
  let place: Place | undefined
  let refusal: unknown
  let beating: Promise<void> | undefined

  /** One row a node, so that a commit that hangs is in nobody's way but this node's next one. */
  async function commit(): Promise<PlaceRow | undefined> {
    const times = { beaten_at: now(), expires_at: now() + TTL }
    const query = db
      .insertInto('heartbeats')
      .values({ node, ...times })
      .onConflict((conflict) => conflict.column('node').doUpdateSet(times))
    if (isPostgres(db)) return query.returning(await placeColumns(db)).executeTakeFirst()
    await query.execute()
    return undefined
  }

  async function beat(): Promise<void> {
    const begun = elapsed()
    try {
      const row = await commit()
      at = begun
      place = row && toPlace(row)
      refusal = undefined
    } catch (error) {
      refusal = isWriteRefused(error) ? error : undefined
      throw error
    }
    await sweep(db, 'heartbeats', 'node', now())
  }

  return {
    at: () => at,
    place: () => place,
    refusal: () => refusal,
    beat() {
      beating ??= beat().finally(() => {
        beating = undefined
      })
      return beating
    },
  }
}
