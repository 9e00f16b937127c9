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
  timeline: string
  lsn: string
}

/** SQL for the timeline of a server: the name of a log file begins with it. It fails on a standby, which has none of its own. */
export const WAL_TIMELINE = 'left(pg_walfile_name(pg_current_wal_lsn()), 8)'

/** SQL for what stands in for it where the role may not ask that: when the server was started, which differs from all others. */
export const START_TIMELINE = "'started ' || extract(epoch from pg_postmaster_start_time())::text"

/** Not from the control file, which goes on naming the old timeline until the first checkpoint after a failover. */
const BY_WAL = [
  sql<string>`${sql.raw(WAL_TIMELINE)}`.as('timeline'),
  sql<string>`pg_current_wal_lsn()`.as('lsn'),
] as const

/** A server that was started once loses nothing in between; after a restart everything remembered is forgotten in vain. */
const BY_START = [sql<string>`${sql.raw(START_TIMELINE)}`.as('timeline'), sql<string>`'0/0'`.as('lsn')] as const

const columns = new WeakMap<Db, typeof BY_WAL | typeof BY_START>()

/** The columns of such a row, as far as the role may ask. */
export async function placeColumns(db: Db): Promise<typeof BY_WAL | typeof BY_START> {
  const known = columns.get(db) ?? ((await mayAskWal(db)) ? BY_WAL : BY_START)
  columns.set(db, known)
  return known
}

/** Whether the role may ask a server of PostgreSQL where it is in its log. Everybody may, unless that was taken from them. */
export async function mayAskWal(db: Db): Promise<boolean> {
  const { rows } = await sql<{ may: boolean }>`
    select has_function_privilege('pg_current_wal_lsn()', 'execute')
      and has_function_privilege('pg_walfile_name(pg_lsn)', 'execute') as may`.execute(db)
  return rows[0]?.may === true
}

/** Where the server is. */
export async function askPlace(db: Db): Promise<Place> {
  return toPlace(await db.selectNoFrom(await placeColumns(db)).executeTakeFirstOrThrow())
}

/** Reads the row: a position is two hexadecimal halves. */
export function toPlace({ timeline, lsn }: PlaceRow): Place {
  const [high = '', low = ''] = lsn.split('/')
  return { timeline, position: Number.parseInt(high, 16) * 2 ** 32 + Number.parseInt(low, 16) }
}

/** Whether a server that was at `before` can be the one that is at `after`, with nothing lost in between. */
export function isLater(after: Place, before: Place): boolean {
  return after.timeline === before.timeline && after.position >= before.position
}
