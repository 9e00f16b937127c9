/** `POST /auth/login`, which two dialects share: the body says whose call it is. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ref } from '../../src/schemas.ts'
import { speak } from './dialect.ts'
import * as flaskAuth from './flask-auth.ts'

const login: FastifyPluginAsyncTypebox = async (app) => {
  speak(app, flaskAuth.dialect)
  app.route({
    method: 'POST',
    url: '/auth/login',
    schema: {
      operationId: 'compatLogin',
      summary: 'Sign in',
      description: 'By user name or e-mail address. The session ends with its access token.',
      body: ref(flaskAuth.Credentials),
      response: flaskAuth.loginAnswers,
    },
    handler: (request) => flaskAuth.logIn(app, request),
  })
}

export default login
