/** The other thread: computes one checksum after another. */
import { parentPort } from 'node:worker_threads'
import type { CryptInput } from './crypt.ts'
import { md5Crypt } from './md5.ts'
import { shaCrypt } from './sha.ts'

parentPort?.on('message', ({ id, input }: { id: number; input: CryptInput }) => {
  const compute = input.scheme === '5' || input.scheme === '6' ? shaCrypt : md5Crypt
  parentPort?.postMessage({ id, output: compute(input) })
})
