/** `latchkey import` of a million users, in a process of its own as it is used. */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { writePeople } from '../data/people.ts'
import type { Row } from '../measure.ts'

const run = promisify(execFile)
const script = (path: string) => fileURLToPath(new URL(path, import.meta.url))

const MANY = 1_000_000
const FEW = 10_000
const SETTING = 'JSON lines with bcrypt hashes, into an empty SQLite file; transactions of 512 users, synchronous=FULL'

const LIMITS = 'One import each: it takes minutes.'

/** Both rows look at the same import, which takes minutes. */
let many: Promise<Imported> | undefined

interface Imported {
  usersPerSecond: number
  /** in MiB */
  peak: number
}

/** The work of an import against that of storing its rows: reading, judging, looking for who is there. */
export const importRate: Row = {
  name: 'import',
  group: 'import',
  ours: `latchkey import --apply of ${MANY.toLocaleString('en')} users`,
  theirs: 'better-sqlite3 inserting the same rows',
  unit: 'users/s',
  setting: SETTING,
  limits: LIMITS,
  target: { of: 'ratio', least: 0.4 },
  slow: true,
  async run() {
    many ??= importPeople(MANY)
    return { ours: [(await many).usersPerSecond], theirs: [await insertAlone(MANY)] }
  },
}

/** Memory must not grow with the file. */
export const importMemory: Row = {
  name: 'import-memory',
  group: 'import',
  ours: `peak memory of an import of ${FEW.toLocaleString('en')} users`,
  theirs: `of ${MANY.toLocaleString('en')} users`,
  unit: 'MiB',
  setting: SETTING,
  limits: LIMITS,
  target: { of: 'ratio', least: 0.667 },
  slow: true,
  async run() {
    const few = await importPeople(FEW)
    many ??= importPeople(MANY)
    return { ours: [few.peak], theirs: [(await many).peak] }
  },
}

/** Works in a folder of its own, in the project rather than among temporary files, which may be in memory. */
async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  mkdirSync('data', { recursive: true })
  const folder = resolve(mkdtempSync('data/bench-'))
  try {
    return await work(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function importPeople(count: number): Promise<Imported> {
  return inFolder(async (folder) => {
    await writePeople(`${folder}/people.jsonl`, count)
    const start = performance.now()
    const args = [
      '--import',
      script('../servers/peak.ts'),
      script('../../src/cli.ts'),
      'import',
      'people.jsonl',
      '--apply',
    ]
    const env = { NODE_ENV: 'production', JWT_KEY: 'x'.repeat(32), DATABASE_URL: 'sqlite:import.db' }
    const { stdout, stderr } = await run(process.execPath, args, { cwd: folder, env })
    const seconds = (performance.now() - start) / 1000
    if (!new RegExp(` imported +${count.toLocaleString('en')}\\n`).test(stdout)) throw new Error(stdout)
    return { usersPerSecond: count / seconds, peak: Number(/peak (\d+)/.exec(stderr)?.[1]) / 1024 }
  })
}

function insertAlone(count: number): Promise<number> {
  return inFolder(async (folder) => {
    const env = { DATABASE: `${folder}/insert.db`, COUNT: String(count) }
    const { stdout } = await run(process.execPath, [script('../servers/insert.ts')], { env })
    return Number(stdout)
  })
}
