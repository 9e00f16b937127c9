import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { buildFilter } from '../../../src/passwords/filter/build.ts'
import { decodeFilter, encodeFilter, readFilterSync } from '../../../src/passwords/filter/file.ts'
import { type Bits, type FuseFilter, includes, keyOf, mixKey, planSlots } from '../../../src/passwords/filter/fuse.ts'

const members = (count: number) => Array.from({ length: count }, (_, index) => `member ${index}`)
const strangers = (count: number) => Array.from({ length: count }, (_, index) => `stranger ${index}`)

/** The share of strangers that the filter takes for members. */
function falsePositives(filter: FuseFilter, count: number): number {
  return strangers(count).filter((text) => includes(filter, text)).length / count
}

t.test('every member is in it, however many there are', async (t) => {
  for (const count of [0, 1, 2, 3, 7, 100, 1000, 20_011]) {
    const texts = members(count)
    const filter = buildFilter(texts, 8)
    t.equal(filter.entries, count)
    t.ok(
      texts.every((text) => includes(filter, text)),
      `all of ${count}`,
    )
  }
})

for (const [bits, most] of [
  [8, 0.005],
  [16, 0.0001],
] as const satisfies (readonly [Bits, number])[]) {
  t.test(`what is no member rarely passes for one with ${bits} bits`, async (t) => {
    const share = falsePositives(buildFilter(members(50_000), bits), 200_000)
    t.ok(share <= most, `${share} of 200 000`)
    if (bits === 8) t.ok(share >= 0.003, 'and it is no filter that holds nothing')
  })
}

t.test('a large one takes less than 1.14 slots a member', async (t) => {
  t.ok(planSlots(1_000_000).slots <= 1_140_000)
  t.ok(planSlots(10_000_000).slots <= 11_400_000)
})

t.test('what is there twice counts once, and order does not matter', async (t) => {
  const texts = members(500)
  const once = encodeFilter(buildFilter(texts, 8))
  t.strictSame(encodeFilter(buildFilter([...texts.toReversed(), ...texts], 8)), once)
})

t.test('keys are spread as the finalizer of MurmurHash3 spreads them', async (t) => {
  // its author's fmix64 of 1 and of 0
  t.equal(mixKey(1n, 0n), 0xb456bcfc34c2cb2cn)
  t.equal(mixKey(0n, 0n), 0n)
  // the first eight bytes of SHA-256 of "abc", little-endian (FIPS 180-4)
  t.equal(keyOf('abc'), 0xeacf018fbf1678ban)
})

t.test('a file holds what was written, on any offset of memory', async (t) => {
  for (const bits of [8, 16] as const) {
    const filter = buildFilter(members(300), bits)
    const file = encodeFilter(filter)
    const shifted = Buffer.concat([Buffer.alloc(1), file]).subarray(1)
    t.strictSame(decodeFilter(shifted), filter)
  }
})

t.test('a file that is none, of another version, or damaged anywhere is refused', async (t) => {
  const file = encodeFilter(buildFilter(members(300), 8))
  t.throws(() => decodeFilter(Buffer.alloc(0)), /is no filter/)
  t.throws(() => decodeFilter(randomBytes(5000)), /is no filter/)
  const newer = Buffer.from(file)
  newer.writeUInt8(2, 4)
  t.throws(() => decodeFilter(newer), /version/)
  t.throws(() => decodeFilter(file.subarray(0, -1)), /damaged/)
  for (const place of [5, 9, 20, 100, file.length - 40, file.length - 1]) {
    const damaged = Buffer.from(file)
    damaged.writeUInt8(damaged.readUInt8(place) ^ 1, place)
    t.throws(() => decodeFilter(damaged), /damaged/, `byte ${place}`)
  }
  const path = join(t.testdir(), 'list.fuse')
  writeFileSync(path, 'password\n')
  t.throws(() => readFilterSync(path), { name: 'UnusableFilter' })
})
