import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { EmailBody, Noted, OneTimeTokenBody } from '../../../src/by-mail/schema.ts'
import { ref } from '../../../src/schemas.ts'
import { TokenPair } from '../../../src/sessions/schema.ts'
import { signInByCode, signInByLink } from '../../../src/sign-in/by-mail.ts'
import { CodeCredentials } from '../../../src/sign-in/schema.ts'
import { answer, problems } from '../../contract.ts'
import { ChallengeHeaders, DeviceCookie, DeviceHeaders, handDevice, LoginHeaders } from '../../device.ts'
import { originOf } from '../../origin.ts'
import { NOTED } from './email.ts'

const SAME = 'The answer is the same for every address, known or not, and so is the time that it takes.'

/** Signing in without a password. */
const signInByMail: FastifyPluginAsyncTypebox = async (app) => {
  app.route({
    method: 'POST',
    url: '/auth/sign-in/link',
    config: { feature: 'sign-in-link', limit: 'mail' },
    schema: {
      operationId: 'requestSignInLink',
      summary: 'Have a link sent that signs in',
      description: SAME,
      tags: ['auth'],
      headers: ChallengeHeaders,
      body: ref(EmailBody),
      response: {
        202: answer(Noted, 'Noted; a message follows if the address has an account'),
        ...problems('challenge_required'),
      },
    },
    handler: async (request, reply) => {
      const request_token = await app.mailRequests.note({ kind: 'sign-in-link', ...request.body }, originOf(request))
      return reply.code(202).send({ ...NOTED, request_token })
    },
  })

  app.route({
    method: 'POST',
    url: '/auth/sign-in/link/verify',
    config: { feature: 'sign-in-link', limit: 'code' },
    schema: {
      operationId: 'signInWithLink',
      summary: 'Sign in by the link that was sent',
      description:
        'The token is good for 15 minutes and one use. The address is proved by it, and other links to sign in that were ' +
        'sent are void.',
      tags: ['auth'],
      headers: DeviceHeaders,
      body: ref(OneTimeTokenBody),
      response: {
        200: answer(TokenPair, 'The tokens of the new session', DeviceCookie),
        ...problems('one_time_token_invalid'),
      },
    },
    handler: async (request, reply) => {
      const tokens = await signInByLink(app, request.body.token, originOf(request))
      handDevice(app, reply, tokens.device_token)
      return tokens
    },
  })

  app.route({
    method: 'POST',
    url: '/auth/sign-in/code',
    config: { feature: 'sign-in-code', limit: 'mail' },
    schema: {
      operationId: 'requestSignInCode',
      summary: 'Have a code sent that signs in',
      description: SAME,
      tags: ['auth'],
      headers: ChallengeHeaders,
      body: ref(EmailBody),
      response: {
        202: answer(Noted, 'Noted; a message follows if the address has an account'),
        ...problems('challenge_required'),
      },
    },
    handler: async (request, reply) => {
      const request_token = await app.mailRequests.note({ kind: 'sign-in-code', ...request.body }, originOf(request))
      return reply.code(202).send({ ...NOTED, request_token })
    },
  })

  app.route({
    method: 'POST',
    url: '/auth/sign-in/code/verify',
    config: { feature: 'sign-in-code', limit: 'code' },
    schema: {
      operationId: 'signInWithCode',
      summary: 'Sign in by the code that was sent',
      description:
        'The code is good for 10 minutes, one use and five tries by who sends the `request_token` that it was asked for by. ' +
        'Without that there are three tries. The address is proved by it, and other codes that were sent are void.',
      tags: ['auth'],
      headers: LoginHeaders,
      body: ref(CodeCredentials),
      response: {
        200: answer(TokenPair, 'The tokens of the new session', DeviceCookie),
        ...problems('sign_in_code_invalid', 'challenge_required'),
      },
    },
    handler: async (request, reply) => {
      const tokens = await signInByCode(app, request.body, originOf(request))
      handDevice(app, reply, tokens.device_token)
      return tokens
    },
  })
}

export default signInByMail
