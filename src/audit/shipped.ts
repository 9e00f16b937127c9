/** Checkpoints in files, one JSON object a line. */
import { closeSync, fstatSync, openSync, readFileSync, readSync, statSync } from 'node:fs'
import type { Deps } from '../deps.ts'
import { type Checkpoint, isOurs } from './checkpoint.ts'
import { findAuditKeys } from './keys.ts'
import { headOf, type Seen } from './seal.ts'

/**
 * How far the chain had come when a checkpoint was last shipped to `AUDIT_CHECKPOINTS`. Lines that are none of ours count
 * for nothing here: `audit verify` names them.
 */
export async function findShipped({
  audit,
  config,
  db,
  log,
}: Pick<Deps, 'audit' | 'config' | 'db' | 'log'>): Promise<Seen | undefined> {
  const path = config.audit_checkpoints
  if (path === undefined) return undefined
  const keys = await findAuditKeys(db, audit)
  const ours = lastLinesOf(path, log)
    .flatMap((line) => parseLine(line) ?? [])
    .filter((checkpoint) => isOurs(keys, checkpoint))
    .toSorted((a, b) => a.seq - b.seq)
  const furthest = ours.at(-1)
  return furthest && headOf(furthest)
}

/** What is read of the file at a start, in bytes: a day of checkpoints. */
const TAIL = 131_072

/** The last lines, the first of which may be torn; none of what is no file, such as a pipe. */
function lastLinesOf(path: string, log: Deps['log']): string[] {
  try {
    if (!statSync(path).isFile()) return []
    const file = openSync(path, 'r')
    try {
      const { size } = fstatSync(file)
      const tail = Buffer.alloc(Math.min(size, TAIL))
      readSync(file, tail, 0, tail.length, size - tail.length)
      return tail.toString().split('\n')
    } finally {
      closeSync(file)
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      log.error({ err: error }, 'AUDIT_CHECKPOINTS cannot be read: what was cut from the log is not noticed by it')
    return []
  }
}

/** @returns undefined for what is not JSON; what is no object, or has other members, is not genuine */
function parseLine(line: string): Checkpoint | undefined {
  try {
    return Object(JSON.parse(line)) as Checkpoint
  } catch {
    return undefined
  }
}

/**
 * The checkpoints in a file.
 * @throws when it cannot be read, or a line is not JSON
 */
export function readCheckpoints(path: string): Checkpoint[] {
  const lines = readFileSync(path, 'utf8').split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines.map((line, index) => {
    const checkpoint = parseLine(line)
    if (!checkpoint) throw new Error(`${path} holds no JSON in line ${index + 1}`)
    return checkpoint
  })
}
