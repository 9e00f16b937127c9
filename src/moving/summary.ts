/** What became of a file as a whole. */
import type { Unreadable } from './containers/source.ts'
import type { Decision, Outcome } from './decide.ts'

export interface Summary {
  outcomes: Record<Outcome, number>
  /** new accounts by the format of their hash */
  formats: Map<string, { count: number; weak: number }>
  /** new accounts that nobody can sign in to */
  without_password: number
  /** reasons of conflicts and rejections, and notes on new accounts, with how often each was given */
  reasons: Map<string, number>
  notes: Map<string, number>
  /** members of the file that mean nothing here */
  unread: ReadonlySet<string>
  /** why the file could not be read to its end */
  broken: Unreadable | undefined
}

/** A summary of nothing yet. */
export function newSummary(unread: ReadonlySet<string>): Summary {
  return {
    outcomes: { new: 0, present: 0, conflict: 0, duplicate: 0, rejected: 0 },
    formats: new Map(),
    without_password: 0,
    reasons: new Map(),
    notes: new Map(),
    unread,
    broken: undefined,
  }
}

/** Counts one decision in. */
export function addToSummary(summary: Summary, { outcome, user, reasons, notes }: Decision): void {
  summary.outcomes[outcome] += 1
  // the lines that a duplicate names are in the report
  if (outcome !== 'duplicate') for (const reason of reasons) count(summary.reasons, reason)
  if (outcome !== 'new' || !('uid' in user)) return
  // a note on a number names the number
  for (const note of notes) count(summary.notes, note.replace(/: \d+ .*/, ''))
  if (!user.password) {
    summary.without_password += 1
    return
  }
  const { format, weak } = user.password
  const counted = summary.formats.get(format) ?? { count: 0, weak: 0 }
  summary.formats.set(format, { count: counted.count + 1, weak: counted.weak + (weak ? 1 : 0) })
}

/** More different sentences than these are not worth reading. */
const MAX_SENTENCES = 40

function count(counts: Map<string, number>, sentence: string): void {
  if (counts.has(sentence) || counts.size < MAX_SENTENCES) counts.set(sentence, (counts.get(sentence) ?? 0) + 1)
}

/** How many rows there were. */
export function totalOf({ outcomes }: Summary): number {
  return Object.values(outcomes).reduce((sum, count) => sum + count, 0)
}

/** The summary in lines for people. */
export function describe(summary: Summary, apply: boolean): string[] {
  const { new: added, present, conflict, duplicate, rejected } = summary.outcomes
  const names = [...summary.unread].sort().map((name) => name.replace(/[^\x20-\x7e]/g, '?'))
  return [
    ...table([
      [apply ? 'imported' : 'would be imported', added, ''],
      ['present already', present, ''],
      ['in conflict with an account', conflict, ''],
      ['twice in the file', duplicate, ''],
      ['rejected', rejected, ''],
    ]),
    ...section(
      'why not',
      [...summary.reasons].map(([reason, count]) => [reason, count, '']),
    ),
    ...section(
      'to know',
      [...summary.notes].map(([note, count]) => [note, count, '']),
    ),
    ...section('passwords', [
      ...[...summary.formats].map(
        ([format, { count, weak }]) =>
          [format, count, weak > 0 ? `  ${shown(weak)} weak, replaced at the first login` : ''] as const,
      ),
      ...(summary.without_password > 0 ? [['none', summary.without_password, ''] as const] : []),
    ]),
    ...(names.length > 0 ? [`not taken over: ${names.join(', ')}`] : []),
  ]
}

type Entry = readonly [what: string, count: number, rest: string]

function section(title: string, entries: readonly Entry[]): string[] {
  return entries.length > 0 ? [title, ...table(entries)] : []
}

function table(entries: readonly Entry[]): string[] {
  const width = Math.max(28, ...entries.map(([what]) => what.length))
  return entries.map(([what, count, rest]) => `  ${what.padEnd(width)}${shown(count).padStart(10)}${rest}`)
}

/** A number for people. */
export function shown(number: number): string {
  return number.toLocaleString('en')
}
