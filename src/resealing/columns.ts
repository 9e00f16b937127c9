/** Every column that is sealed under a key made of `JWT_KEY`. */

import { contextOfAuditKey } from '../audit/keys.ts'
import type { Db } from '../db/open.ts'
import type { Tables } from '../db/schema.ts'
import { contextOf } from '../mail/outbox.ts'
import { type Keys, resealed } from '../tokens/seal.ts'

/** The keys that seal, by what they seal. */
export interface SealKeys {
  seal: Keys<Buffer>
  mail: Keys<Buffer>
}

/** A row with something sealed in it. */
export interface SealedRow {
  id: string | number
  sealed: string
  context: string
}

export interface SealedColumn {
  table: keyof Tables
  column: string
  /** by what its rows are told apart */
  key: string
  keys: keyof SealKeys
  /** Some rows, in the order of their keys. */
  read(db: Db, after: string | number | undefined, limit: number): Promise<SealedRow[]>
}

export const SEALED: readonly SealedColumn[] = [
  {
    table: 'signing_keys',
    column: 'sealed',
    key: 'kid',
    keys: 'seal',
    async read(db, after, limit) {
      const rows = db.selectFrom('signing_keys').select(['kid', 'sealed']).orderBy('kid').limit(limit)
      const found = await rows.$if(after !== undefined, (query) => query.where('kid', '>', String(after))).execute()
      return found.map(({ kid, sealed }) => ({ id: kid, sealed, context: kid }))
    },
  },
  {
    table: 'audit_keys',
    column: 'sealed',
    key: 'id',
    keys: 'seal',
    async read(db, after, limit) {
      const rows = db.selectFrom('audit_keys').select(['id', 'sealed']).orderBy('id').limit(limit)
      const found = await rows.$if(after !== undefined, (query) => query.where('id', '>', String(after))).execute()
      return found.map(({ id, sealed }) => ({ id, sealed, context: contextOfAuditKey(id) }))
    },
  },
  {
    table: 'outbox',
    column: 'data',
    key: 'id',
    keys: 'mail',
    async read(db, after, limit) {
      const rows = db.selectFrom('outbox').select(['id', 'data', 'template', 'recipient']).orderBy('id').limit(limit)
      const found = await rows.$if(after !== undefined, (query) => query.where('id', '>', Number(after))).execute()
      return found.map((row) => ({ id: row.id, sealed: row.data, context: contextOf(row) }))
    },
  },
]

/** Rows in one read. */
const PAGE = 256

/** What became of a row: it was under the first key already, under another one, or under none that is known. */
export type SealState = 'current' | 'previous' | 'unknown'

/** Every sealed row, with its state, and what it would be under the first key. */
export async function* readSealed(db: Db, column: SealedColumn, keys: SealKeys) {
  for (let after: string | number | undefined; ; ) {
    const rows = await column.read(db, after, PAGE)
    for (const row of rows) yield { row, ...resealed(keys[column.keys], row.sealed, row.context) }
    if (rows.length < PAGE) return
    after = rows.at(-1)?.id
  }
}
