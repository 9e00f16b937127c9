/** The report of an import, line by line: who became what, and why. It never holds a hash. */
import { closeSync, existsSync, openSync, writeSync } from 'node:fs'
import type { Decision } from './decide.ts'

export interface Report {
  path: string
  write(decisions: readonly Decision[]): void
  close(): void
}

const COLUMNS = ['line', 'outcome', 'username', 'email', 'password', 'weak', 'reasons', 'notes'] as const
type Entry = Partial<Record<(typeof COLUMNS)[number], unknown>>

/**
 * Makes the report's file, for its owner alone: CSV if its name ends so, JSON lines otherwise.
 * @param path undefined for a new file beside the one that is imported
 * @throws when the file is there already, or cannot be made
 */
export function openReport(path: string | undefined, imported: string, apply: boolean): Report {
  const chosen = path ?? freeNameBeside(imported)
  const file = create(chosen)
  const format = chosen.endsWith('.csv') ? toCsv : toJson
  if (format === toCsv) writeSync(file, `${COLUMNS.join(',')}\n`)
  return {
    path: chosen,
    // at once and for each batch, so that a process that is killed leaves no gap but the last batch
    write: (decisions) => {
      writeSync(file, decisions.map((decision) => `${format(toEntry(decision, apply))}\n`).join(''))
    },
    close: () => closeSync(file),
  }
}

function freeNameBeside(imported: string): string {
  for (let number = 1; ; number += 1) {
    const path = `${imported}.report${number === 1 ? '' : `-${number}`}.jsonl`
    if (!existsSync(path)) return path
  }
}

function create(path: string): number {
  try {
    return openSync(path, 'wx', 0o600)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const reason = code === 'EEXIST' ? 'exists already' : 'cannot be written'
    throw new Error(`the report ${path} ${reason}; --report says where else it goes`, { cause })
  }
}

const WORDS = { present: 'present', conflict: 'conflict', duplicate: 'duplicate', rejected: 'rejected' } as const

function toEntry({ outcome, user, reasons, notes }: Decision, apply: boolean): Entry {
  const password = 'uid' in user ? user.password : undefined
  return {
    line: user.line,
    outcome: outcome === 'new' ? (apply ? 'imported' : 'would be imported') : WORDS[outcome],
    username: user.username,
    email: user.email,
    password: 'uid' in user ? (password?.format ?? 'none') : undefined,
    weak: password?.weak || undefined,
    reasons: reasons.length > 0 ? reasons : undefined,
    notes: notes.length > 0 ? notes : undefined,
  }
}

function toJson(entry: Entry): string {
  return JSON.stringify(entry)
}

function toCsv(entry: Entry): string {
  return COLUMNS.map((column) => toCell(entry[column])).join(',')
}

function toCell(value: unknown): string {
  // control characters could steer the terminal that the report is shown on
  const text = (Array.isArray(value) ? value.join('; ') : String(value ?? '')).replace(/\p{Cc}/gu, '?')
  // with a sign of a formula in front, spreadsheets would run what stands there
  const harmless = /^\s*[=+\-@]/.test(text) ? `'${text}` : text
  return /[",;]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}
