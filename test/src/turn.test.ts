import { Socket } from 'node:net'
import t from 'tap'
import { oncePerTurn } from '../../src/operation/turn.ts'

const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

/** A question whose answer the test decides, and how often it was asked. */
function counted(answer = true) {
  const question = { answer, asked: 0 }
  const isCurrent = oncePerTurn(() => {
    question.asked += 1
    return question.answer
  })
  return { question, isCurrent }
}

t.test('connections whose requests arrived together share one answer', async (t) => {
  const { question, isCurrent } = counted()
  for (let i = 0; i < 5; i += 1) t.ok(isCurrent(new Socket()))
  t.equal(question.asked, 1)
})

t.test('a second request of one connection in the same turn asks anew', async (t) => {
  const { question, isCurrent } = counted()
  const [one, other] = [new Socket(), new Socket()]
  t.ok(isCurrent(one))
  t.ok(isCurrent(other))
  question.answer = false
  t.notOk(isCurrent(one), 'it may have been sent after the first answer')
  t.notOk(isCurrent(other), 'whether it asked or shared')
  t.equal(question.asked, 3)
})

t.test('an answer is good for one turn', async (t) => {
  const { question, isCurrent } = counted()
  const [one, other] = [new Socket(), new Socket()]
  t.ok(isCurrent(one))
  await nextTurn()
  question.answer = false
  t.notOk(isCurrent(other))
})

t.test('a refusal is never shared: the news may have been read meanwhile', async (t) => {
  const { question, isCurrent } = counted(false)
  t.notOk(isCurrent(new Socket()))
  question.answer = true
  t.ok(isCurrent(new Socket()))
  t.equal(question.asked, 2)
})

t.test('injected requests share nothing', async (t) => {
  const { question, isCurrent } = counted()
  t.ok(isCurrent({}))
  t.ok(isCurrent({}))
  t.equal(question.asked, 2)
})
