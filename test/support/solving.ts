/** Proofs of work, found as a browser would. */
import { createHash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import type { ProofOfWork } from '../../src/throttling/challenge.ts'

/** Asks for a challenge. */
export const getChallenge = async (app: FastifyInstance) =>
  (await app.inject({ url: '/api/v1/auth/challenge' })).json<ProofOfWork>()

/** The header that answers a challenge. @param more what else is in it */
export function solve({ algorithm, challenge, salt, signature, maxnumber }: ProofOfWork, more = {}) {
  const hashOf = (number: number) => createHash('sha256').update(`${salt}${number}`).digest('hex')
  let number = 0
  while (hashOf(number) !== challenge) {
    number += 1
    if (number > maxnumber) throw new Error('there is no such number')
  }
  const answer = { algorithm, challenge, number, salt, signature, ...more }
  return { 'x-proof-of-work': Buffer.from(JSON.stringify(answer)).toString('base64') }
}
