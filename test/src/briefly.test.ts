import t from 'tap'
import { askedBriefly } from '../../src/operation/briefly.ts'

/** A question whose answer and whose time the test decides, and how often it was asked. */
function counted(answer = true) {
  const question = { answer, asked: 0, time: 0, takes: 0 }
  const ask = () => {
    question.asked += 1
    question.time += question.takes
    return question.answer
  }
  return { question, isCurrent: askedBriefly(ask, () => question.time) }
}

t.test('who asks within a tenth of a millisecond shares the answer', async (t) => {
  const { question, isCurrent } = counted()
  for (question.time = 0; question.time < 0.1; question.time += 0.02) t.ok(isCurrent())
  t.equal(question.asked, 1)
})

t.test('after that it is asked anew', async (t) => {
  const { question, isCurrent } = counted()
  t.ok(isCurrent())
  question.time = 0.1
  question.answer = false
  t.notOk(isCurrent())
})

t.test('the time that the question took counts', async (t) => {
  const { question, isCurrent } = counted()
  question.takes = 0.2
  t.ok(isCurrent())
  t.ok(isCurrent())
  t.equal(question.asked, 2, 'the first answer was as old as its question')
})

t.test('a refusal is never shared: the news may have been read meanwhile', async (t) => {
  const { question, isCurrent } = counted(false)
  t.notOk(isCurrent())
  question.answer = true
  t.ok(isCurrent())
  t.equal(question.asked, 2)
})
