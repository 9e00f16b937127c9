/**
 * A filter in a file. All numbers are little-endian:
 *
 *     0  4  `LKPF`
 *     4  1  version, 1
 *     5  1  bits of a fingerprint, 8 or 16
 *     6  2  0
 *     8  4  members
 *    12  4  length of a segment, in slots
 *    16  8  seed
 *    24  4  slots
 *    28  4  0
 *    32     the slots
 *     …  32  SHA-256 of everything before it
 */
import { hash } from 'node:crypto'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { FuseFilter } from './fuse.ts'

const MAGIC = 'LKPF'
const VERSION = 1
const HEAD = 32
const CHECKSUM = 32

/** Why a file cannot be used, in words that follow its name. */
export class UnusableFilter extends Error {
  override name = 'UnusableFilter'
}

/** The file of a filter. */
export function encodeFilter({ bits, entries, seed, segmentLength, slots }: FuseFilter): Buffer {
  const head = Buffer.alloc(HEAD)
  head.write(MAGIC, 'latin1')
  head.writeUInt8(VERSION, 4)
  head.writeUInt8(bits, 5)
  head.writeUInt32LE(entries, 8)
  head.writeUInt32LE(segmentLength, 12)
  head.writeBigUInt64LE(seed, 16)
  head.writeUInt32LE(slots.length, 24)
  const body = Buffer.concat([head, Buffer.from(slots.buffer, slots.byteOffset, slots.byteLength)])
  return Buffer.concat([body, hash('sha256', body, 'buffer')])
}

/**
 * The filter of a file.
 * @throws UnusableFilter for a file that is none, is of a later version, or was damaged
 */
export function decodeFilter(file: Buffer): FuseFilter {
  if (file.length < HEAD + CHECKSUM || file.toString('latin1', 0, 4) !== MAGIC)
    throw new UnusableFilter('is no filter; `latchkey passwords build` makes one of a list')
  if (file.readUInt8(4) !== VERSION) throw new UnusableFilter('is of a version that this release does not know')
  const body = file.subarray(0, -CHECKSUM)
  if (!hash('sha256', body, 'buffer').equals(file.subarray(-CHECKSUM)))
    throw new UnusableFilter('is damaged: its checksum does not fit')
  const bits = file.readUInt8(5) === 8 ? 8 : 16
  const length = file.readUInt32LE(24)
  // Buffers share memory at any offset, and numbers of two bytes need an even one
  const bytes = new Uint8Array(body.subarray(HEAD))
  if (bytes.length !== (length * bits) / 8) throw new UnusableFilter('is damaged: its parts do not fit')
  return {
    bits,
    entries: file.readUInt32LE(8),
    segmentLength: file.readUInt32LE(12),
    seed: file.readBigUInt64LE(16),
    slots: bits === 8 ? bytes : new Uint16Array(bytes.buffer, 0, length),
  }
}

/** @throws UnusableFilter; Error when the file cannot be read */
export function readFilterSync(path: string): FuseFilter {
  return decodeFilter(readFileSync(path))
}

/** @throws UnusableFilter; Error when the file cannot be read */
export async function readFilter(path: string | URL): Promise<FuseFilter> {
  return decodeFilter(await readFile(path))
}

/** Writes the file whole or not at all: a service may be about to read what is there. */
export function writeFilter(path: string, filter: FuseFilter): number {
  const file = encodeFilter(filter)
  writeFileSync(`${path}.new`, file)
  renameSync(`${path}.new`, path)
  return file.length
}
