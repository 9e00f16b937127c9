/** The command line in a folder of its own. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { type Db, openDatabase } from '../../src/db/open.ts'
import { type Environment, JWT_KEY, onPostgres } from './app.ts'
import { emptyFolder, PROJECT, startChild } from './child.ts'
import { newPostgresDatabase } from './postgres.ts'

const CLI = join(PROJECT, 'src/cli.ts')

/** `latchkey …` with the database in `test.db` of a new folder, and files of the test's own beside it. */
export function commandLine(t: Test, more: Environment = {}) {
  const folder = emptyFolder(t)
  const path = (name: string) => join(folder, name)
  const url = onPostgres() ? newPostgresDatabase(t, { migrated: false }) : `sqlite:${path('test.db')}`
  const environment = { JWT_KEY, DATABASE_URL: url, RATE_LIMIT: 'off', ...more }
  const start = (args: readonly string[], more: Environment = {}, input = '') =>
    startChild(t, { args: [CLI, ...args], cwd: folder, env: { ...environment, ...more }, input })
  return {
    folder,
    path,
    environment,
    start,
    latchkey: (...args: string[]) => start(args).ended,
    write(name: string, content: string | Uint8Array) {
      writeFileSync(path(name), content)
      return name
    },
    /** What a person at a terminal, which `script` makes, would see. */
    async atTerminal(args: readonly string[]): Promise<string> {
      const command = [process.execPath, CLI, ...args].map((word) => `"${word}"`).join(' ')
      const child = startChild(t, {
        command: 'script',
        args: ['-qec', command, '/dev/null'],
        cwd: folder,
        env: environment,
      })
      return (await child.ended).stdout
    },
    /** Opens the database for as long as the work takes. */
    async withDatabase<T>(work: (db: Db) => Promise<T>): Promise<T> {
      const { db } = openDatabase(url)
      try {
        return await work(db)
      } finally {
        await db.destroy()
      }
    },
  }
}
