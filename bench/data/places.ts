/** The databases that servers of the bench work on. */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { PostgresServer } from '../servers/postgres.ts'
import { FEW, MANY, type Population } from './population.ts'
import { fillPostgres } from './postgres.ts'
import { fillSqlite } from './sqlite.ts'

/** What takes minutes to make is kept here. */
export const CACHE = fileURLToPath(new URL('../.cache', import.meta.url))

export interface Place {
  /** `DATABASE_URL` */
  url: string
  population: Population
  /** of how many accounts the sessions are used */
  active: number
}

/** Two sessions each: as many as a node remembers. */
const ACTIVE_OF_MANY = 50_000

/** A folder of one's own, deleted at the end; in the project, since temporary files may be in memory and commit for nothing. */
export function scratchFolder(): Disposable & { path: string } {
  mkdirSync('data', { recursive: true })
  const path = resolve(mkdtempSync('data/bench-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

/** A new file with a thousand accounts. */
export async function fewOnSqlite(folder: string): Promise<Place> {
  await fillSqlite(`${folder}/few.db`, FEW)
  return { url: `sqlite:${folder}/few.db`, population: FEW, active: FEW.users }
}

/** The file with a million accounts, made once. */
export async function manyOnSqlite(): Promise<Place> {
  mkdirSync(CACHE, { recursive: true })
  const path = `${CACHE}/many.db`
  if (!existsSync(path)) await fillSqlite(path, MANY)
  return { url: `sqlite:${path}`, population: MANY, active: ACTIVE_OF_MANY }
}

/** A new database of the server with a thousand accounts. */
export async function fewOnPostgres(server: PostgresServer): Promise<Place> {
  return { url: await fillPostgres(server, FEW, { again: true }), population: FEW, active: FEW.users }
}

/** The database of the server with a million accounts, made once. */
export async function manyOnPostgres(server: PostgresServer): Promise<Place> {
  return { url: await fillPostgres(server, MANY, { again: false }), population: MANY, active: ACTIVE_OF_MANY }
}
