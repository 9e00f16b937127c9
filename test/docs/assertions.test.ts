/** No assertion of the tests holds whatever comes: they are read with their types. */
import t from 'tap'
import { emptyAssertions } from '../support/assertions.ts'

/** Compares what it is given a list for by itself. */
const MEASURED = /^test\/support\/match\.ts:/

/** What is refused, and beside it what is not. */
const PLANTED = `import t from 'tap'
const found: unknown = [1, 2]
const apart = { deep: { numbers: [1] } }
const named: Record<string, unknown> = { code: 'x' }
t.match(found, [1])
t.match(found, apart)
t.match(found, named)
t.match(found, { deep: [] }, 'whatever is in it')
t.notMatch(found, ['x'])
t.match(found, { code: /x/, at: Date, answer: { status: Number } })
t.strictSame(found, [1, 2])
t.test('inner', async (inner) => {
  inner.match(found, [...'ab'])
  inner.ok(Promise.resolve(false))
  await inner.rejects(Promise.reject(new Error('x')))
  await inner.rejects(Promise.reject(new Error('x')), 'for some reason')
  await inner.rejects(Promise.reject(new Error('x')), { message: 'x' })
  inner.throws(() => 'nothing')
  inner.throws(() => 'nothing', /x/)
})
t.ok('text'.match(/x/))
`

t.test('lists are matched with their lengths, and failures with what they are', async (t) => {
  const here = 'test/docs/assertions.test.ts'
  const found = emptyAssertions({ [here]: PLANTED })
  t.strictSame(
    found.filter((line) => !line.startsWith(here)).filter((line) => !MEASURED.test(line)),
    [],
  )
  t.strictSame(
    found.filter((line) => line.startsWith(here)),
    [
      [5, 'match of a list'],
      [6, 'match of a list'],
      [7, 'match of a list'],
      [8, 'match of a list'],
      [9, 'notMatch of a list'],
      [13, 'match of a list'],
      [14, 'ok of a promise'],
      [15, 'rejects on any error'],
      [16, 'rejects on any error'],
      [18, 'throws on any error'],
    ].map(([line, fault]) => `${here}:${line}: ${fault}`),
  )
})
