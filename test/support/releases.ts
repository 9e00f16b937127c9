/** What earlier versions have left: `npm run release-fixture` made it from their tags. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { Test } from 'tap'
import { type Environment, onPostgres, testEnvironment } from './app.ts'
import { emptyFolder, PROJECT } from './child.ts'
import { newPostgresDatabase } from './postgres.ts'

const FIXTURES = join(PROJECT, 'test/fixtures')

/** The versions that were released. */
export const RELEASES: readonly string[] = readdirSync(FIXTURES).filter((name) => /^\d+\.\d+\.\d+$/.test(name))

/** A file of a version. */
export const fileOf = (version: string, name: string) => join(FIXTURES, version, name)

/** The newest of them. */
export const LAST_RELEASE: string =
  RELEASES.toSorted((one, other) => one.localeCompare(other, 'en', { numeric: true })).at(-1) ?? ''

/** Somebody whom the database of a version knows, with what they hold in their hands. */
export interface Known {
  username: string
  email: string
  password: string
  device_token: string
  refresh_token: string
}

export interface Notes {
  /** when the version stopped, in epoch ms */
  made_at: number
  people: readonly Known[]
}

/** The database that a version has left, as a service's own, and who is in it. */
export async function databaseOf(t: Test, version: string): Promise<{ environment: Environment; notes: Notes }> {
  const kind = onPostgres() ? 'postgres' : 'sqlite'
  const { jwt_key, ...notes } = JSON.parse(readFileSync(fileOf(version, `${kind}.json`), 'utf8'))
  const url = onPostgres() ? newPostgresDatabase(t, { migrated: false }) : `sqlite:${join(emptyFolder(t), 'old.db')}`
  if (onPostgres()) await loadDump(url, readFileSync(fileOf(version, 'postgres.sql'), 'utf8'))
  else writeFileSync(url.slice('sqlite:'.length), gunzipSync(readFileSync(fileOf(version, 'sqlite.db.gz'))))
  return { environment: { ...testEnvironment(t), DATABASE_URL: url, JWT_KEY: jwt_key }, notes }
}

async function loadDump(url: string, dump: string): Promise<void> {
  const { default: pg } = await import('pg')
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(dump)
  } finally {
    await client.end()
  }
}

/**
 * Unpacks the build of a version beside the packages of this checkout, and the filters of passwords, which did not compress.
 * @returns its folder, in which `dist/server.mjs` and `dist/cli.mjs` run
 */
export function unpackBuild(t: Test, version: string): string {
  const folder = emptyFolder(t)
  execFileSync('tar', ['-xJf', fileOf(version, 'build.tar.xz'), '-C', folder])
  symlinkSync(join(PROJECT, 'node_modules'), join(folder, 'node_modules'))
  mkdirSync(join(folder, 'src/passwords'), { recursive: true })
  symlinkSync(join(PROJECT, 'src/passwords/lists'), join(folder, 'src/passwords/lists'))
  return folder
}
