import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { PasswordStrength, StrengthQuestion } from '../../../src/passwords/schema.ts'
import { judgeStrength } from '../../../src/passwords/strength/judge.ts'
import { ref } from '../../../src/schemas.ts'
import { answer, problems } from '../../contract.ts'

/** Advice for who makes a password up. */
const passwordStrength: FastifyPluginAsyncTypebox = async (app) => {
  app.route({
    method: 'POST',
    url: '/auth/password/strength',
    config: { limit: 'strength' },
    schema: {
      operationId: 'estimatePasswordStrength',
      summary: 'How strong a password is, and whether it would be taken',
      description:
        'For forms, while somebody types. Nothing is kept. A breach API, where one is configured, is not asked, so a ' +
        'password may yet be refused as `password_breached` when it is set.',
      tags: ['passwords'],
      body: ref(StrengthQuestion),
      response: { 200: answer(PasswordStrength, 'What it is worth'), ...problems('overloaded') },
    },
    handler: (request) => judgeStrength(app, request.body),
  })
}

export default passwordStrength
