/** Files of users, imported into a database of their own. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { createTrail } from '../../src/audit/trail.ts'
import { migrateUp } from '../../src/db/migrate.ts'
import { type Db, openDatabase } from '../../src/db/open.ts'
import { openSource } from '../../src/moving/containers/source.ts'
import type { Decision } from '../../src/moving/decide.ts'
import { exportUsers } from '../../src/moving/export.ts'
import { importUsers } from '../../src/moving/import.ts'
import { recognise } from '../../src/moving/recognise.ts'
import { openReport } from '../../src/moving/report.ts'
import type { ReadingOptions } from '../../src/moving/system.ts'
import { deriveKeys, trailKeys } from '../../src/tokens/master-key.ts'
import { JWT_KEY, testEnvironment } from './app.ts'
import { emptyFolder } from './child.ts'
import type { commandLine } from './command-line.ts'

type CommandLine = ReturnType<typeof commandLine>

/** The time of every import in the tests. */
export const NOW = Date.UTC(2026, 0, 31, 8, 15, 30)

interface Line {
  line: number
  outcome: string
  username?: string
  email?: string
  password?: string
  weak?: boolean
  reasons?: string[]
  notes?: string[]
}

interface How {
  from?: string
  apply?: boolean
  options?: Omit<ReadingOptions, 'now'>
}

/** A new database, and a folder for files. */
export async function emptyDatabase(t: Test, url = testEnvironment(t)['DATABASE_URL'] ?? '') {
  const folder = emptyFolder(t)
  const { db } = openDatabase(url)
  t.teardown(() => db.destroy())
  await migrateUp(db)
  let files = 0

  /** Imports what a file with this content, or the file itself, holds. */
  async function bringIn(content: string | Uint8Array | { path: string }, how: How = {}) {
    files += 1
    const isPath = typeof content === 'object' && 'path' in content
    const path = isPath ? content.path : join(folder, `file-${files}`)
    if (!isPath) writeFileSync(path, content)
    return bringInFile(db, path, join(folder, `report-${files}.jsonl`), how)
  }
  async function takeOut(withHashes = true) {
    let text = ''
    for await (const line of exportUsers({ db }, withHashes)) text += line
    return text
  }
  return { folder, db, bringIn, takeOut }
}

const audit = createTrail(() => trailKeys(deriveKeys(JWT_KEY)))

async function bringInFile(
  db: Db,
  path: string,
  reportPath: string,
  { from = 'auto', apply = true, options = {} }: How,
) {
  const { system, description, rows } = await recognise(openSource(path), from)
  const report = openReport(reportPath, path, apply)
  const onBatch = (decisions: readonly Decision[]) => report.write(decisions)
  const summary = await importUsers({ audit, db, now: () => NOW }, { system, rows, options, apply, onBatch })
  report.close()
  const text = readFileSync(reportPath, 'utf8')
  const lines = text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line)
  return { system: system.name, description, summary, text, lines }
}

/** The accounts as the general form has them. */
export function parseLines(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
}

/** What a list of objects is as JSON lines. */
export function jsonLines(...users: object[]): string {
  return users.map((user) => `${JSON.stringify(user)}\n`).join('')
}

/** bcrypt of `swordfish`. */
const BCRYPT = '$2b$04$JPg08V//WXTyInyEy7WYU.90yRwxOY7fiDXRK7YXGxuA4cf0ferlW'

/** So many different people, with valid hashes. */
export function people(count: number): string {
  const person = (_: unknown, index: number) => ({
    number: index + 1,
    username: `user.${index}`,
    email: `user.${index}@example.org`,
    created_at: '2024-01-02T03:04:05Z',
    password_hash: BCRYPT,
  })
  return jsonLines(...Array.from({ length: count }, person))
}

/** How many accounts a command line's database has. */
export const countUsers = (line: CommandLine) =>
  line.withDatabase(async (db) => {
    const row = await db
      .selectFrom('users')
      .select((eb) => eb.fn.countAll<number>().as('n'))
      .executeTakeFirst()
    return row?.n ?? 0
  })
