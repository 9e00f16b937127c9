/** A backup takes the place of the database: all of it or nothing, and only where nobody is at work. */
import { existsSync, linkSync, mkdirSync, realpathSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { lockOut } from './alone.ts'
import { MIGRATION_NAMES } from './migrate.ts'
import { type Contents, copySnapshot, syncFolderOf } from './snapshot.ts'

interface Restoration {
  /** the backup */
  from: string
  /** the database that it is to replace */
  to: string
  /** replace a database of which nobody can say whether it is in use */
  force: boolean
  /** the time, in epoch ms; names what is kept */
  now: number
  onProgress: (done: number, of: number) => void
}

export interface Restored extends Contents {
  /** where the database that was replaced is now */
  kept: string | undefined
}

/** What SQLite keeps beside a database. */
const COMPANIONS = ['-wal', '-shm', '-journal']

/**
 * A process that opened the replaced file a moment too early is still waiting for it, and would go on with it: the file
 * stays locked until that process has given up. Longer than a start waits for a lock (5 s), in ms.
 */
const OUTWAIT = 6000

/**
 * Puts a copy of a backup in the place of the database, and keeps what was there beside it. Killed at any moment, it
 * leaves either the one or the other.
 * @throws when the backup is none, or of a newer version, or a process has the database open
 */
export async function restoreDatabase({ from, to, force, now, onProgress }: Restoration): Promise<Restored> {
  if (existsSync(to) && existsSync(from) && realpathSync(from) === realpathSync(to))
    throw new Error(`${from} is the database itself`)
  mkdirSync(dirname(to), { recursive: true, mode: 0o700 })
  const lock = existsSync(to) ? lockOut(to, force) : undefined
  const draft = `${to}.restoring-${process.pid}`
  try {
    const contents = await copySnapshot(from, draft, onProgress)
    refuseNewer(from, contents)
    const kept = keepAside(to, `${to}.before-${new Date(now).toISOString().replaceAll(/[-:]|\.\d+/g, '')}`)
    renameSync(draft, to)
    syncFolderOf(to)
    if (lock) await after(OUTWAIT)
    return { ...contents, kept }
  } finally {
    rmSync(draft, { force: true })
    lock?.close()
  }
}

function refuseNewer(path: string, { migrations }: Contents): void {
  const unknown = migrations.filter((name) => !MIGRATION_NAMES.includes(name))
  if (unknown.length > 0)
    throw new Error(`${path} is of a newer version of Latchkey, which has made the migrations ${unknown.join(', ')}`)
}

/** Gives what is there a second name, so that there is never a moment without a database. */
function keepAside(path: string, name: string): string | undefined {
  // a log or a journal without its database would be taken for one of the new database's
  for (const companion of COMPANIONS) if (existsSync(path + companion)) renameSync(path + companion, name + companion)
  if (!existsSync(path)) return undefined
  linkSync(path, name)
  return name
}
