import t from 'tap'
import { sharing } from '../../src/db/sharing.ts'

/** A read whose end the test decides. */
function controlled() {
  const ends: PromiseWithResolvers<void>[] = []
  const read = sharing(() => {
    const end = Promise.withResolvers<void>()
    ends.push(end)
    return end.promise
  })
  return { read, ends }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

t.test('who comes while a read is under way gets the next one, and shares it', async (t) => {
  const { read, ends } = controlled()
  const first = read()
  const later = [read(), read(), read()]
  let isServed = false
  for (const call of later) call.then(() => (isServed = true))
  t.equal(ends.length, 1)
  ends[0]?.resolve()
  await first
  await turn()
  t.notOk(isServed, 'the read that was under way may have begun too early')
  t.equal(ends.length, 2, 'one for all three')
  const last = read()
  ends[1]?.resolve()
  await Promise.all(later)
  await turn()
  t.equal(ends.length, 3)
  ends[2]?.resolve()
  await last
  await turn()
  t.equal(ends.length, 3, 'and none for nobody')
})

t.test('a read that fails fails for its callers alone', async (t) => {
  const { read, ends } = controlled()
  const first = read()
  const second = read()
  ends[0]?.reject(new Error('gone'))
  await t.rejects(first, /gone/)
  await turn()
  ends[1]?.resolve()
  await t.resolves(second)
})

t.test('two reads never overlap, whenever they are asked for', async (t) => {
  let running = 0
  let most = 0
  const read = sharing(async () => {
    running += 1
    most = Math.max(most, running)
    await turn()
    running -= 1
  })
  const calls: Promise<void>[] = []
  for (let round = 0; round < 50; round += 1) {
    calls.push(read(), read())
    if (round % 3) await Promise.resolve()
    if (round % 7 === 0) await turn()
  }
  await Promise.all(calls)
  t.equal(most, 1)
})
