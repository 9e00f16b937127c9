/**
 * Binary fuse filters: sets that can only be asked, in little more than one byte for each member (T. M. Graf, D. Lemire,
 * "Binary Fuse Filters: Fast and Smaller Than Xor Filters", ACM Journal of Experimental Algorithmics 27, 2022). Each
 * member has three slots, in three segments that follow one another; what these hold, joined by XOR, is its fingerprint.
 * What is no member passes for one with a probability of 2^-8 or 2^-16, by the bits of a fingerprint.
 */
import { hash } from 'node:crypto'

export type Bits = 8 | 16

export interface FuseFilter {
  /** how many members it was made of */
  entries: number
  /** of a fingerprint */
  bits: Bits
  /** with which the members found their places */
  seed: bigint
  /** in slots, a power of two */
  segmentLength: number
  slots: Uint8Array | Uint16Array
}

/** The longest segment, in slots; the slot within one has 18 bits of the hash. */
const LONGEST_SEGMENT = 2 ** 18

/** How many slots there are for so many members, and how long a segment is: section 4 of the paper, for three slots each. */
export function planSlots(entries: number): { segmentLength: number; slots: number } {
  const n = Math.max(entries, 2)
  const segmentLength = Math.min(LONGEST_SEGMENT, 2 ** Math.floor(Math.log(n) / Math.log(3.33) + 2.25))
  const perEntry = Math.max(1.125, 0.875 + (0.25 * Math.log(1e6)) / Math.log(n))
  const segments = Math.max(1, Math.ceil((n * perEntry) / segmentLength) - 2)
  return { segmentLength, slots: (segments + 2) * segmentLength }
}

/** The key of a text: 64 bits of its SHA-256, so that nobody can look for texts that share one. */
export function keyOf(text: string): bigint {
  return hash('sha256', text, 'buffer').readBigUInt64LE()
}

/** Spreads a key over 64 bits, each seed otherwise: the finalizer of MurmurHash3. */
export function mixKey(key: bigint, seed: bigint): bigint {
  let h = BigInt.asUintN(64, key + seed)
  h = BigInt.asUintN(64, (h ^ (h >> 33n)) * 0xff51afd7ed558ccdn)
  h = BigInt.asUintN(64, (h ^ (h >> 33n)) * 0xc4ceb9fe1a85ec53n)
  return h ^ (h >> 33n)
}

/** Where a member's three slots are, by the two halves of its hash. */
export function placesOf(
  { segmentLength, slots }: { segmentLength: number; slots: number },
  high: number,
  low: number,
): [first: number, second: number, third: number] {
  const mask = segmentLength - 1
  const first = Math.floor((high * (slots - 2 * segmentLength)) / 2 ** 32)
  const second = (first + segmentLength) ^ (((high << 14) | (low >>> 18)) & mask)
  return [first, second, (first + 2 * segmentLength) ^ (low & mask)]
}

/** The fingerprint of a member, by the two halves of its hash. */
export function fingerprintOf(bits: Bits, high: number, low: number): number {
  return (high ^ low) & (2 ** bits - 1)
}

/** Whether the text is a member; yes for about one of 2^bits that are not. */
export function includes({ bits, seed, segmentLength, slots }: FuseFilter, text: string): boolean {
  const mixed = mixKey(keyOf(text), seed)
  const high = Number(mixed >> 32n)
  const low = Number(mixed & 0xffffffffn)
  const [a, b, c] = placesOf({ segmentLength, slots: slots.length }, high, low)
  const joined = (slots[a] as number) ^ (slots[b] as number) ^ (slots[c] as number)
  return joined === fingerprintOf(bits, high, low)
}
