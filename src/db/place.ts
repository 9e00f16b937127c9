/** Where a server of PostgreSQL is in its log of changes, which tells it from one that takes its place. */
import { sql } from 'kysely'
import type { Db } from './open.ts'

/** A failover begins a new timeline; on one timeline the position only grows. */
export interface Place {
  timeline: string
  position: number
}

/** A row that says where the server is. */
export interface PlaceRow {
  wal: string
  lsn: string
}

/**
 * The columns of such a row. They fail on a standby. Not from the control file, which goes on naming the old timeline
 * until the first checkpoint after a failover.
 */
export const PLACE = [
  sql<string>`pg_walfile_name(pg_current_wal_lsn())`.as('wal'),
  sql<string>`pg_current_wal_lsn()`.as('lsn'),
] as const

/** Where the server is. */
export async function askPlace(db: Db): Promise<Place> {
  return toPlace(await db.selectNoFrom(PLACE).executeTakeFirstOrThrow())
}

/** Reads the row: the name of a log file begins with the timeline, a position is two hexadecimal halves. */
export function toPlace({ wal, lsn }: PlaceRow): Place {
  const [high = '', low = ''] = lsn.split('/')
  return { timeline: wal.slice(0, 8), position: Number.parseInt(high, 16) * 2 ** 32 + Number.parseInt(low, 16) }
}

/** Whether a server that was at `before` can be the one that is at `after`, with nothing lost in between. */
export function isLater(after: Place, before: Place): boolean {
  return after.timeline === before.timeline && after.position >= before.position
}
