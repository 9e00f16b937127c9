/** How high the floor of refusals is. */
import t from 'tap'
import { createFloor, waitByTimer } from '../../../src/passwords/floor.ts'

const FROM = { ip: '192.0.2.1', account: 'test' }

/** A floor on a clock that is set, and what it has waited. */
function make() {
  const waited: number[] = []
  let time = 0
  const floor = createFloor(
    () => time,
    async (ms) => {
      waited.push(ms)
    },
  )
  const at = (ms: number) => {
    time = ms
  }
  return { floor, waited, at }
}

t.test('it is a second until something is known, and never more', (t) => {
  const { floor } = make()
  t.equal(floor.current(), 1000)
  floor.cover(100)
  t.equal(floor.current(), 200, 'twice the dearest check')
  floor.cover(50)
  t.equal(floor.current(), 200, 'which stays stored')
  floor.cover(17_000)
  t.equal(floor.current(), 1000)
  t.end()
})

t.test('a machine that is slower than it was raises it, until it is as fast again', (t) => {
  const { floor, at } = make()
  floor.cover(100)
  floor.observe(900)
  t.equal(floor.current(), 240, 'a machine that stalls once raises it by a fifth')
  for (let time = 0; time < 20; time += 1) floor.observe(900)
  t.ok(floor.current() > 900, 'one that is so slow raises it above what it takes')
  t.ok(floor.current() <= 1000)
  for (let time = 0; time < 1000; time += 1) floor.observe(20)
  t.ok(floor.current() > 900, 'cheap checks say nothing of the dear ones')
  const before = floor.current()
  at(600_000)
  t.ok(Math.abs(floor.current() - before / 2) < 1, 'in ten minutes half is gone')
  for (let time = 0; time < 1000; time += 1) floor.observe(100)
  t.equal(floor.current(), 200, 'dear ones that are fast again lower it')
  t.end()
})

t.test('a check that took longer is answered at the next multiple', async (t) => {
  const { floor, waited } = make()
  for (const took of [0, 60, 100, 130, 200, 999]) await floor.hold(FROM, took, 100)
  t.strictSame(waited, [100, 40, 0, 70, 0, 1])
})

t.test('no timer rings early, and who has gone is not waited for', async (t) => {
  for (const ms of [1, 1.5, 3.2]) {
    const begun = performance.now()
    await waitByTimer(ms, undefined)
    t.ok(performance.now() - begun >= ms)
  }
  await waitByTimer(1e9, AbortSignal.abort())
  const controller = new AbortController()
  const waiting = waitByTimer(1e9, controller.signal)
  controller.abort()
  await waiting
})
