/** Making a binary fuse filter: every member is given a slot that no later one needs, and the last is written first. */
import { type Bits, type FuseFilter, fingerprintOf, keyOf, mixKey, placesOf, planSlots } from './fuse.ts'

/** A seed fails for one filter in a hundred at the most; this many fail for none. */
const SEEDS = 64

interface Shape {
  segmentLength: number
  slots: number
}

/**
 * Makes the filter of these texts; what is there twice counts once. The same texts make the same filter.
 * @throws Error for more than 2^31 texts
 */
export function buildFilter(texts: Iterable<string>, bits: Bits): FuseFilter {
  const keys = distinct(BigUint64Array.from(texts, keyOf))
  const shape = planSlots(keys.length)
  for (let seed = 1n; seed <= SEEDS; seed += 1n) {
    const hashes = halves(keys, seed)
    const order = peel(hashes, keys.length, shape)
    if (order) {
      const slots = assign(hashes, order, bits, shape)
      return { entries: keys.length, bits, seed, segmentLength: shape.segmentLength, slots }
    }
  }
  throw new Error('no seed fits')
}

function distinct(keys: BigUint64Array): BigUint64Array {
  keys.sort()
  return keys.filter((key, index) => index === 0 || key !== keys[index - 1])
}

/** The hash of each key, as two numbers: the high half, then the low one. */
function halves(keys: BigUint64Array, seed: bigint): Uint32Array {
  const hashes = new Uint32Array(2 * keys.length)
  for (let index = 0; index < keys.length; index += 1) {
    const mixed = mixKey(keys[index] as bigint, seed)
    hashes[2 * index] = Number(mixed >> 32n)
    hashes[2 * index + 1] = Number(mixed & 0xffffffffn)
  }
  return hashes
}

/** Members with the slot that each is given, in the order in which they leave. */
interface Order {
  members: Uint32Array
  slots: Uint32Array
}

/**
 * Takes members out that have a slot to themselves, which frees others, until none is left.
 * @returns undefined when some members hold each other
 */
function peel(hashes: Uint32Array, entries: number, shape: Shape): Order | undefined {
  const counts = new Uint16Array(shape.slots)
  // of the members in a slot, the numbers joined by XOR: when one is left, it is that one's
  const inSlot = new Uint32Array(shape.slots)
  const move = (member: number, by: 1 | -1, alone?: (slot: number) => void) => {
    for (const slot of placesOf(shape, hashes[2 * member] as number, hashes[2 * member + 1] as number)) {
      counts[slot] = (counts[slot] as number) + by
      inSlot[slot] = (inSlot[slot] as number) ^ member
      if (counts[slot] === 1) alone?.(slot)
    }
  }
  for (let member = 0; member < entries; member += 1) move(member, 1)
  const queue: number[] = []
  for (let slot = 0; slot < shape.slots; slot += 1) if (counts[slot] === 1) queue.push(slot)
  const order: Order = { members: new Uint32Array(entries), slots: new Uint32Array(entries) }
  let left = 0
  for (let slot = queue.pop(); slot !== undefined; slot = queue.pop()) {
    if (counts[slot] !== 1) continue
    const member = inSlot[slot] as number
    order.members[left] = member
    order.slots[left] = slot
    left += 1
    move(member, -1, (freed) => queue.push(freed))
  }
  return left === entries ? order : undefined
}

/** Writes the slots, last member first: its own slot is the only one of its three that none before it needs. */
function assign(hashes: Uint32Array, { members, slots: own }: Order, bits: Bits, shape: Shape): FuseFilter['slots'] {
  const slots = bits === 8 ? new Uint8Array(shape.slots) : new Uint16Array(shape.slots)
  for (let index = members.length - 1; index >= 0; index -= 1) {
    const member = members[index] as number
    const high = hashes[2 * member] as number
    const low = hashes[2 * member + 1] as number
    const [a, b, c] = placesOf(shape, high, low)
    const others = (slots[a] as number) ^ (slots[b] as number) ^ (slots[c] as number)
    slots[own[index] as number] = others ^ fingerprintOf(bits, high, low)
  }
  return slots
}
