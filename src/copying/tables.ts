/** What is copied: every table of the service. */
import type { Db } from '../db/open.ts'
import type { Tables } from '../db/schema.ts'

/** The columns by which the rows of each table are told apart. They are integers and text, as all columns are. */
export const KEYS = {
  users: ['id'],
  passwords: ['user_id'],
  roles: ['name'],
  user_roles: ['user_id', 'role'],
  sessions: ['id'],
  signing_keys: ['kid'],
  ephemeral: ['key'],
  messages: ['id'],
  audit_events: ['id'],
  audit_checkpoints: ['id'],
  audit_keys: ['id'],
  outbox: ['id'],
  proofs: ['digest'],
  known_devices: ['user_id', 'digest'],
  mail_requests: ['id'],
  sign_in_codes: ['address'],
  upgrades: ['version'],
  requested_codes: ['request'],
} as const satisfies { [T in keyof Tables]: readonly (keyof Tables[T])[] }

/** A table that the migrations fill, so that one with rows is still as good as empty. */
const FILLED_BY_MIGRATIONS: readonly string[] = ['roles', 'upgrades']

export interface CopiedTable {
  table: string
  key: readonly string[]
  /** all columns, in alphabetical order */
  columns: readonly string[]
  /** whether it numbers its rows itself */
  counts: boolean
  /** whether the migrations put rows into it */
  prefilled: boolean
}

/** The tables with nothing but what their names say; enough for locks and triggers. */
export const KEYED = Object.entries(KEYS).map(([table, key]) => ({ table, key }))

/** The names of the tables. */
export const TABLES = KEYED.map(({ table }) => table)

/**
 * The tables as they are in a database.
 * @throws when one is missing
 */
export async function readTables(db: Db): Promise<CopiedTable[]> {
  const found = await db.introspection.getTables()
  return KEYED.map(({ table, key }) => {
    const columns = found.find(({ name }) => name === table)?.columns
    if (!columns) throw new Error(`there is no table ${table}`)
    return {
      table,
      key,
      columns: columns.map(({ name }) => name).sort(),
      counts: columns.some(({ isAutoIncrementing }) => isAutoIncrementing),
      prefilled: FILLED_BY_MIGRATIONS.includes(table),
    }
  })
}
