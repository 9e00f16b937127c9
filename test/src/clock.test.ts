import t from 'tap'
import { createSharedClock } from '../../src/operation/clock.ts'

t.test('an answer that is no time does not become the time', async (t) => {
  const warnings: object[] = []
  const log = { warn: (details: object) => warnings.push(details) }
  const clock = createSharedClock({ machine: () => 1_000_000, elapsed: () => 0, log })
  for (const answer of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    await clock.compare(async () => answer)
    t.equal(clock.now(), 1_000_000, String(answer))
  }
  t.strictSame(warnings, [])
  await clock.compare(async () => 400_000)
  t.equal(clock.now(), 400_000, 'one that is a time does')
})
