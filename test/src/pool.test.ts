/** What the parent does when there is no process to be had. */
import cluster from 'node:cluster'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { loadConfig } from '../../src/config.ts'
import { createPool } from '../../src/workers/pool.ts'
import { StartFailure } from '../../src/workers/starting.ts'
import { emptyFolder } from '../support/child.ts'
import { matchLists } from '../support/match.ts'
import { eventually } from '../support/wait.ts'

const START = 60_000

/** A worker in all but what it serves. */
const OBEDIENT = `
  process.on('message', ({ do: order }) => {
    if (order === 'retire') process.send({ say: 'closed' })
    else process.exit(0)
  })
  process.send({ say: 'ready', readiness: { port: 1, store: 'none' } })`

/** A pool of two, whose next workers run in `cwd`: in a folder that does not exist the system starts no process. */
function startPool(t: Test, longestStart?: number) {
  const folder = emptyFolder(t)
  const program = (name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const lines: string[] = []
  const note = (_: object, message: string) => lines.push(message)
  const pool = createPool({
    config: loadConfig({ WORKERS: '2', HASH_CONCURRENCY: '2' }),
    log: { info: note, warn: note, error: note },
    giveUp: (failure) => t.fail(failure.message),
    ...(longestStart !== undefined && { longestStart }),
  })
  const obedient = program('obedient.cjs', OBEDIENT)
  const mute = program('mute.cjs', 'setInterval(() => {}, 1000)')
  const set = (exec: string, cwd: string) => cluster.setupPrimary({ exec, cwd, execArgv: [] })
  t.teardown(() => pool.kill())
  return {
    pool,
    count: (message: string) => lines.filter((line) => line === message).length,
    mend: () => set(obedient, folder),
    refuse: () => set(obedient, join(folder, 'nowhere')),
    hang: () => set(mute, folder),
  }
}

t.test('a start for which the system has no process fails, and leaves nothing to wait for', async (t) => {
  const { pool, refuse } = startPool(t)
  refuse()
  const failure = await pool.open().catch((error) => error)
  t.ok(failure instanceof StartFailure)
  matchLists(t, failure.lines, [/^there is no process for a worker: spawn .* ENOENT$/])
  t.equal(await pool.close(), true)
})

t.test('a worker that the system cannot replace is tried again until it can, and the others stay', async (t) => {
  const { pool, count, mend, refuse } = startPool(t)
  mend()
  await pool.open()
  refuse()
  const [first, second] = Object.values(cluster.workers ?? {})
  first?.process.kill('SIGKILL')
  await eventually(() => count('a worker cannot start') >= 2, START)
  t.equal(second?.isDead(), false)
  mend()
  await eventually(() => count('a worker is ready') === 3, START)
  t.equal(await pool.close(), true)
})

t.test('a message that does not arrive ends nobody', async (t) => {
  const { pool, count, mend } = startPool(t)
  mend()
  await pool.open()
  const [first] = Object.values(cluster.workers ?? {})
  first?.process.emit('error', new Error('write EPIPE'))
  t.equal(count('a worker cannot be reached'), 1)
  t.equal(await pool.close(), true)
})

t.test('a new worker that never gets ready is given up, and does not hold up the next renewal', async (t) => {
  const { pool, count, mend, hang } = startPool(t, 300)
  mend()
  await pool.open()
  const before = Object.values(cluster.workers ?? {})
  hang()
  await pool.renew()
  t.equal(count('a new worker cannot start; those that run stay'), 1)
  t.strictSame(
    before.map((worker) => worker?.isDead()),
    [false, false],
  )
  t.equal(await pool.close(), true)
})

t.test(
  'workers that are killed together, again and again, wait for their own losses and not for one another’s',
  async (t) => {
    const { pool, count, mend } = startPool(t)
    mend()
    await pool.open()
    let took = 0
    for (let round = 1; round <= 4; round += 1) {
      const begun = performance.now()
      for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill('SIGKILL')
      await eventually(() => count('a worker is ready') === 2 + 2 * round, START)
      took = performance.now() - begun
    }
    // 0.8 s and a start; together they have lost eight, for which one would wait 12.8 s
    t.ok(took < 6000, `both were back after ${Math.round(took)} ms`)
    t.equal(await pool.close(), true)
  },
)
