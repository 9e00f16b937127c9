/**
 * `npm run test:mutants`: plants one mistake at a time (`test/mutants/`) in copies of the project, and asks the tests whether they
 * notice it. Which mistakes to plant may follow: parts of their sentences, or files. Not for CI: it takes a long time.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, cpSync, mkdtempSync, openSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { MUTANTS } from '../test/mutants/index.ts'
import type { Mutant } from '../test/mutants/mutant.ts'

const PROJECT = join(import.meta.dirname, '..')

/** A run of one test file that takes longer than this has noticed the mistake, in ms. */
const PATIENCE = 180_000

/** Least shares of mistakes that have to be noticed: where it is decided who gets in, and elsewhere. */
const SHARES = { deciding: 0.95, other: 0.9 }

/** Where it is decided who gets in. */
const DECIDING =
  /^(src\/(accounts|by-mail|devices|passwords|proofs|roles|sessions|sign-in|throttling|tokens)\/|plugins\/(authenticate|rate-limit|jwt)|routes\/)/

/** What is not copied: what is made from the rest, and what no test reads. */
const LEFT_OUT = new Set(['node_modules', '.git', '.tap', 'dist', 'data', 'coverage', 'bench/.cache'])

/** What the last test said, in the copy. */
const OUTPUT = 'output.tap'

type Outcome = 'noticed' | 'survived' | 'stale'

const running = new Set<ChildProcess>()
const folders: string[] = []
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

const wanted = process.argv.slice(2)
const mutants = MUTANTS.filter(
  ({ mistake, file }) => wanted.length === 0 || wanted.some((each) => mistake.includes(each) || file.includes(each)),
)
const copies = Array.from({ length: availableParallelism() }, copyProject)

await inParallel([...new Set(mutants.flatMap(({ tests }) => tests))], async (folder, test) => {
  if ((await runTest(folder, test)) === 0) return
  const output = readFileSync(join(folder, OUTPUT), 'utf8').split('\n')
  const failed = output.findIndex((line) => line.trimStart().startsWith('not ok'))
  process.stdout.write(`${output.slice(failed, failed + 40).join('\n')}\n${test} fails without any mistake\n`)
  process.exit(1)
})
const outcomes = new Map<Mutant, Outcome>()
await inParallel(mutants, async (folder, mutant) => {
  outcomes.set(mutant, await plant(folder, mutant))
  process.stdout.write(`${outcomes.get(mutant)?.padEnd(8)} ${mutant.file}: ${mutant.mistake}\n`)
})
process.exit(report() ? 0 : 1)

function copyProject(): string {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-mutants-'))
  folders.push(folder)
  cpSync(PROJECT, folder, { recursive: true, filter: (path) => !LEFT_OUT.has(relative(PROJECT, path)) })
  symlinkSync(join(PROJECT, 'node_modules'), join(folder, 'node_modules'))
  return folder
}

/** Does some work for each item, as many at once as there are copies. */
async function inParallel<T>(items: readonly T[], work: (folder: string, item: T) => Promise<void>): Promise<void> {
  const left = items.values()
  await Promise.all(
    copies.map(async (folder) => {
      for (const item of left) await work(folder, item)
    }),
  )
}

async function plant(folder: string, { file, from, to, tests }: Mutant): Promise<Outcome> {
  const path = join(folder, file)
  const source = readFileSync(path, 'utf8')
  if (source.split(from).length !== 2) return 'stale'
  writeFileSync(
    path,
    source.replace(from, () => to),
  )
  try {
    for (const test of tests) {
      if ((await runTest(folder, test)) !== 0) return 'noticed'
    }
    return 'survived'
  } finally {
    writeFileSync(path, source)
  }
}

/** @returns the exit code; undefined where it did not end in time */
function runTest(folder: string, test: string): Promise<number | null> {
  const { promise, resolve } = Promise.withResolvers<number | null>()
  const output = openSync(join(folder, OUTPUT), 'w')
  // one failure is enough
  const env = { ...process.env, TAP_BAIL: '1', TAP_TIMEOUT: String(PATIENCE / 1000) }
  const child = spawn(process.execPath, [test], { cwd: folder, env, stdio: ['ignore', output, output], detached: true })
  closeSync(output)
  running.add(child)
  // with what it has started
  const end = () => process.kill(-(child.pid ?? 0), 'SIGKILL')
  const timer = setTimeout(end, PATIENCE)
  child.once('close', (code) => {
    clearTimeout(timer)
    running.delete(child)
    resolve(code)
  })
  return promise
}

/** Prints what was not noticed and the shares. @returns whether they are reached */
function report(): boolean {
  let isGood = true
  for (const part of ['deciding', 'other'] as const) {
    const here = [...outcomes].filter(([{ file }]) => DECIDING.test(file) === (part === 'deciding'))
    const noticed = here.filter(([, outcome]) => outcome === 'noticed').length
    for (const [{ file, mistake, survives }, outcome] of here) {
      if (outcome !== 'noticed')
        process.stdout.write(`  ${outcome}: ${file}: ${mistake}${survives ? ` (${survives})` : ''}\n`)
    }
    const isEnough = noticed >= SHARES[part] * here.length && here.every(([, outcome]) => outcome !== 'stale')
    process.stdout.write(`${part}: ${noticed} of ${here.length} noticed, at least ${100 * SHARES[part]} %\n`)
    isGood &&= isEnough
  }
  return isGood
}
