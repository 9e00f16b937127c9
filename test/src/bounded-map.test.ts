import t from 'tap'
import { BoundedMap } from '../../src/tokens/bounded-map.ts'

const value = (name: number) => ({ name })

t.test('it never holds more than its limit, and always the newest half of it', (t) => {
  for (let length = 1; length < 300; length += 7) {
    const map = new BoundedMap<number, { name: number }>(100)
    for (let i = 0; i < length; i += 1) map.set(i, value(i))
    const sizeFits = map.size <= 100 && map.size >= Math.min(length, 50)
    const newest = Array.from({ length: Math.min(length, 50) }, (_, back) => length - 1 - back)
    t.ok(sizeFits && newest.every((i) => map.get(i)?.name === i), `${length} entries`)
  }
  t.end()
})

t.test('what is asked for stays, whatever comes', (t) => {
  const map = new BoundedMap<string, { name: number }>(10)
  map.set('wanted', value(1))
  for (let i = 0; i < 1000; i += 1) {
    map.set(`other ${i}`, value(i))
    if (i % 3 === 0) map.get('wanted')
  }
  t.strictSame(map.get('wanted'), value(1))
  t.end()
})

t.test('an entry that was set again counts once and has its new value', (t) => {
  const map = new BoundedMap<string, { name: number }>(4)
  map.set('a', value(1))
  map.set('b', value(1))
  map.set('a', value(2))
  t.equal(map.size, 2)
  t.strictSame(map.get('a'), value(2))
  t.end()
})

t.test('what is deleted is gone from both halves', (t) => {
  const map = new BoundedMap<number, { name: number }>(6)
  for (let i = 0; i < 5; i += 1) map.set(i, value(i))
  map.delete(0)
  map.delete(4)
  t.equal(map.size, 3)
  t.strictSame(
    [0, 1, 2, 3, 4].map((key) => map.get(key)?.name),
    [undefined, 1, 2, 3, undefined],
  )
  map.clear()
  t.equal(map.size, 0)
  t.end()
})
