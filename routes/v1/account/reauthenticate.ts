import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ref } from '../../../src/schemas.ts'
import { TokenPair } from '../../../src/sessions/schema.ts'
import { reauthenticateByPassword } from '../../../src/sign-in/reauthenticate.ts'
import { Reauthentication } from '../../../src/sign-in/schema.ts'
import { answer, problems } from '../../contract.ts'
import { actorOf } from '../../origin.ts'

/** What to do about `reauthentication_required`. */
const reauthenticate: FastifyPluginAsyncTypebox = async (app) => {
  app.route({
    method: 'POST',
    url: '/auth/reauthenticate',
    config: { limit: 'login' },
    schema: {
      operationId: 'reauthenticate',
      summary: 'Prove once more who one is',
      description:
        'Sensitive calls want a proof that is younger than `STEP_UP_AGE` (10 minutes by default). The session goes on: its ' +
        'other access tokens count as proved too, and the refresh token stays the same.',
      tags: ['auth'],
      body: ref(Reauthentication),
      response: {
        200: answer(TokenPair, 'Tokens of the same session; `auth_time` in the access token is now'),
        ...problems('current_password_wrong', 'overloaded'),
      },
    },
    handler: (request) => reauthenticateByPassword(app, request.session, request.body.password, actorOf(request)),
  })
}

export default reauthenticate
