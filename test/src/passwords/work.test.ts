import t from 'tap'
import { createCosts } from '../../../src/passwords/formats/work.ts'

const SHA_CRYPT = `$6$rounds=10000$salt$${'a'.repeat(86)}`

t.test('what could not be measured once is measured when it is asked for again', async (t) => {
  let isThere = false
  let time = 0
  const crypt = async () => {
    if (!isThere) throw new Error('no thread')
    time += 5
    return ''
  }
  const { costOf } = createCosts(crypt, () => time)
  await t.rejects(costOf(SHA_CRYPT), /no thread/)
  isThere = true
  t.ok((await costOf(SHA_CRYPT)) > 0)
})
