import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ProofOfWork } from '../../../src/throttling/challenge.ts'
import { answer } from '../../contract.ts'

/** What to do about `challenge_required`. */
const challenge: FastifyPluginAsyncTypebox = async (app) => {
  app.route({
    method: 'GET',
    url: '/auth/challenge',
    schema: {
      operationId: 'getChallenge',
      summary: 'A challenge to solve before the next login or message',
      description:
        'Find the number for which the SHA-256 of `salt` and the number, in decimal, is `challenge`; the widgets of ALTCHA ' +
        'do. Send `{algorithm, challenge, number, salt, signature}` as base64 of JSON in the header `X-Proof-Of-Work` of ' +
        'the call that was refused with `challenge_required`, once, within five minutes.',
      tags: ['auth'],
      response: { 200: answer(ProofOfWork, 'The challenge') },
    },
    handler: () => app.gate.issue(),
  })
}

export default challenge
