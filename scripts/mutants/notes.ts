/**
 * Which test has noticed a mistake the last time. It is asked first the next time, alone, which takes a tenth of the time;
 * where it does not notice it any more, all are asked.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Mutant } from '../../test/mutants/mutant.ts'
import { type Asked, PROJECT } from './copies.ts'

const PATH = join(PROJECT, 'test/mutants/noticed.json')

const notes: Record<string, string> = existsSync(PATH) ? JSON.parse(readFileSync(PATH, 'utf8')) : {}

const keyOf = ({ file, mistake }: Mutant) => `${file}: ${mistake}`

/** The test that has noticed a mistake, if one has. */
export function notedTest(mutant: Mutant): Asked | undefined {
  const note = notes[keyOf(mutant)]
  if (note === undefined) return undefined
  const [file = '', ...title] = note.split(': ')
  return title.length === 0 ? { file } : { file, title: title.join(': ') }
}

/** Remembers who has noticed a mistake, or that nobody has. */
export function noteTest(mutant: Mutant, asked: Asked | undefined): void {
  if (asked === undefined) delete notes[keyOf(mutant)]
  else notes[keyOf(mutant)] = asked.title === undefined ? asked.file : `${asked.file}: ${asked.title}`
}

/** Writes what is remembered of the mistakes that there are. */
export function writeNotes(mutants: readonly Mutant[]): void {
  const kept = mutants.map(keyOf).filter((key) => notes[key] !== undefined)
  writeFileSync(PATH, `${JSON.stringify(Object.fromEntries(kept.sort().map((key) => [key, notes[key]])), null, 2)}\n`)
}
