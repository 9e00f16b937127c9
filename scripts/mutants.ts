/**
 * `npm run test:mutants`: plants one mistake at a time (`test/mutants/`) in copies of the project, and asks the tests whether they
 * notice it. Which mistakes to plant may follow: parts of their sentences, or files; with `--failed`, those that nothing is
 * known to notice. Not for CI: it takes a long time.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { MUTANTS } from '../test/mutants/index.ts'
import type { Mutant } from '../test/mutants/mutant.ts'
import { type Asked, failedTest, inParallel, outputOf, passes } from './mutants/copies.ts'
import { notedTest, noteTest, writeNotes } from './mutants/notes.ts'

/** Least shares of mistakes that have to be noticed: where it is decided who gets in, and elsewhere. */
const SHARES = { deciding: 0.95, other: 0.9 }

/** Where it is decided who gets in. */
const DECIDING =
  /^(src\/(accounts|by-mail|devices|passwords|proofs|roles|sessions|sign-in|throttling|tokens)\/|plugins\/(authenticate|rate-limit|jwt)|routes\/)/

/** `unsound`: a test that was asked fails without any mistake. */
type Outcome = 'noticed' | 'survived' | 'stale' | 'unsound'

const { values, positionals: wanted } = parseArgs({ options: { failed: { type: 'boolean' } }, allowPositionals: true })
const mutants = MUTANTS.filter(
  (mutant) =>
    (wanted.length === 0 || wanted.some((each) => mutant.mistake.includes(each) || mutant.file.includes(each))) &&
    !(values.failed && notedTest(mutant)),
)
const began = Date.now()
/** Whether a test passes without any mistake. */
const sound = new Map<string, Promise<boolean>>()
const outcomes = new Map<Mutant, Outcome>()
await inParallel(mutants, async (copy, mutant) => {
  const outcome = await plant(copy, mutant)
  outcomes.set(mutant, outcome)
  process.stdout.write(`${outcome.padEnd(8)} ${mutant.file}: ${mutant.mistake}\n`)
  writeNotes(MUTANTS)
})
process.exit(report() ? 0 : 1)

async function plant(copy: string, mutant: Mutant): Promise<Outcome> {
  const path = join(copy, mutant.file)
  const source = readFileSync(path, 'utf8')
  if (source.split(mutant.from).length !== 2) return 'stale'
  const mistaken = source.replace(mutant.from, () => mutant.to)
  const noticing = await findNoticing(copy, mutant, (isWrong) => writeFileSync(path, isWrong ? mistaken : source))
  if (noticing === 'unsound') return noticing
  noteTest(mutant, noticing)
  return noticing ? 'noticed' : 'survived'
}

/** @returns the test that noticed the mistake, as little of it as notices it */
async function findNoticing(
  copy: string,
  mutant: Mutant,
  put: (isWrong: boolean) => void,
): Promise<Asked | 'unsound' | undefined> {
  const notices = async (asked: Asked) => {
    put(true)
    const isNoticed = !(await passes(copy, asked))
    put(false)
    return isNoticed
  }
  const noted = notedTest(mutant)
  if (noted && (await notices(noted)) && (await isSound(copy, noted))) return noted
  for (const file of mutant.tests) {
    if (!(await notices({ file }))) continue
    const title = failedTest(copy)
    const alone = title === undefined ? undefined : { file, title }
    // whether it notices by itself shows the next time
    if (alone && (await isSound(copy, alone))) return alone
    if (await isSound(copy, { file })) return { file }
    tellFailure(copy, file)
    return 'unsound'
  }
  return undefined
}

/** Whether a test passes without any mistake, which it is asked once: one that needs the tests before it does not pass alone. */
function isSound(copy: string, asked: Asked): Promise<boolean> {
  const key = JSON.stringify(asked)
  const known = sound.get(key) ?? passes(copy, asked)
  sound.set(key, known)
  return known
}

function tellFailure(copy: string, file: string): void {
  const output = outputOf(copy)
  const failed = output.findIndex((line) => line.trimStart().startsWith('not ok'))
  process.stdout.write(`${output.slice(failed, failed + 40).join('\n')}\n${file} fails without any mistake\n`)
}

/** Prints what was not noticed, the shares and the time. @returns whether the shares are reached */
function report(): boolean {
  let isGood = true
  for (const part of ['deciding', 'other'] as const) {
    const here = [...outcomes].filter(([{ file }]) => DECIDING.test(file) === (part === 'deciding'))
    const noticed = here.filter(([, outcome]) => outcome === 'noticed').length
    for (const [{ file, mistake, survives }, outcome] of here) {
      if (outcome !== 'noticed')
        process.stdout.write(`  ${outcome}: ${file}: ${mistake}${survives ? ` (${survives})` : ''}\n`)
    }
    const isEnough =
      noticed >= SHARES[part] * here.length &&
      here.every(([, outcome]) => outcome === 'noticed' || outcome === 'survived')
    process.stdout.write(`${part}: ${noticed} of ${here.length} noticed, at least ${100 * SHARES[part]} %\n`)
    isGood &&= isEnough
  }
  process.stdout.write(`it took ${Math.round((Date.now() - began) / 60_000)} minutes\n`)
  return isGood
}
