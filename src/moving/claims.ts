/**
 * Who has taken a name earlier in the file. Kept in a scratch database rather than in memory, since memory must not
 * grow with the file, and rather than by writing accounts and taking them back, since a service may be using them.
 */
import { type Kysely, sql } from 'kysely'
import { inChunks } from '../db/chunks.ts'
import { openScratch } from '../db/scratch.ts'
import type { Candidate } from './candidate.ts'

interface Scratch {
  claims: { key: string; line: number }
}

export interface Claims {
  /** The lines by which these keys were claimed. */
  find(keys: readonly string[]): Promise<Map<string, number>>
  add(claims: readonly Scratch['claims'][]): Promise<void>
  close(): Promise<void>
}

/** What a user claims for itself. */
export function keysOf({ uid, username_key, email_key, number }: Candidate) {
  return {
    uid: `i${uid}`,
    ...(username_key !== null && { username: `u${username_key}` }),
    ...(email_key !== null && { email: `e${email_key}` }),
    ...(number !== undefined && { number: `n${number}` }),
  }
}

/** Opens an empty list of claims. */
export async function openClaims(): Promise<Claims> {
  const scratch: Kysely<Scratch> = openScratch<Scratch>()
  // never committed: a commit would write every page that it touched
  const db = await scratch.startTransaction().execute()
  await db.schema
    .createTable('claims')
    .addColumn('key', 'text', (column) => column.primaryKey())
    .addColumn('line', 'integer', (column) => column.notNull())
    .modifyEnd(sql`without rowid`)
    .execute()
  return {
    async find(keys) {
      const found = new Map<string, number>()
      for (const chunk of inChunks(keys)) {
        const rows = await db.selectFrom('claims').selectAll().where('key', 'in', chunk).execute()
        for (const { key, line } of rows) found.set(key, line)
      }
      return found
    },
    async add(claims) {
      for (const chunk of inChunks(claims)) await db.insertInto('claims').values(chunk).execute()
    },
    async close() {
      await db.rollback().execute()
      await scratch.destroy()
    },
  }
}
