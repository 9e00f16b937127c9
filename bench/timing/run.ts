/**
 * `npm run timing`: can a stranger tell by the clock whether there is an account?
 *
 *     npm run timing -- --samples 2000 --only login,forgot --planted 100us
 *     npm run timing -- --real --samples 200 --only login,login-bcrypt
 *
 * Hashes are scaled down by one factor, unless `--real` says otherwise. `--planted` is a time that known names take longer,
 * `hash` (unknown names are not hashed for), or `floor` (refusals are not held back).
 *
 * Samples of both sides are taken in turn, on a process that has warmed up and on ones that were just started. A side is
 * told apart at the level of 1 %: 0.5 % for each of two tests, the ranks of all samples and the medians under permutation.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ENDPOINTS } from './endpoints.ts'
import { prepareTrial, SCALED } from './measure.ts'
import { findable, mannWhitney, median, type Pairs, permuteMedians } from './statistics.ts'

const LEVEL = 0.01
const { values } = parseArgs({
  options: {
    samples: { type: 'string', default: '2000' },
    only: { type: 'string', default: Object.keys(ENDPOINTS).join() },
    planted: { type: 'string', default: '' },
    cold: { type: 'boolean', default: true },
    real: { type: 'boolean', default: false },
  },
  allowNegative: true,
})
const samples = Number(values.samples)
const factor = values.real ? 1 : SCALED

const folder = mkdtempSync(join(tmpdir(), 'latchkey-timing-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))

let isTold = false

function report(name: string, how: 'warm' | 'cold', pairs: Pairs): void {
  const ranks = mannWhitney(pairs.known, pairs.unknown)
  const medians = permuteMedians(pairs)
  const told = ranks < LEVEL / 2 || medians < LEVEL / 2
  isTold ||= told
  const difference = median(pairs.known) - median(pairs.unknown)
  const finds = findable(pairs.unknown, LEVEL / 2)
  process.stdout.write(
    `${name.padEnd(14)} ${how}  ${String(pairs.known.length).padStart(5)} a side  median ${median(pairs.unknown).toFixed(0)} µs  ` +
      `known − unknown ${difference.toFixed(1)} µs  p ${ranks.toFixed(3)} by ranks, ${medians.toFixed(3)} by medians  ` +
      `would find ${finds ?? 'over 2000'} µs  ${told ? 'TOLD APART' : 'alike'}\n`,
  )
}

for (const name of values.only.split(',')) {
  const trial = await prepareTrial({ name, samples, folder, planted: values.planted, factor })
  report(name, 'warm', await trial.warm())
  if (values.cold) report(name, 'cold', await trial.cold())
}
process.exitCode = isTold ? 1 : 0
