import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { OneTimeTokenBody } from '../../../src/by-mail/schema.ts'
import { ref } from '../../../src/schemas.ts'
import { endReportedSession } from '../../../src/sign-in/end-reported.ts'
import { unlockByLink } from '../../../src/sign-in/lock.ts'
import { Unlocked } from '../../../src/sign-in/schema.ts'
import { answer, nothing, problems } from '../../contract.ts'
import { DeviceCookie, handDevice } from '../../device.ts'
import { originOf } from '../../origin.ts'

/** What the links do in messages about sign-ins, whoever opens them. */
const notices: FastifyPluginAsyncTypebox = async (app) => {
  app.route({
    method: 'POST',
    url: '/auth/session/end',
    config: { limit: 'code' },
    schema: {
      operationId: 'endReportedSession',
      summary: 'End the session that a message told of',
      description:
        'By the link of the message about a new device. Its tokens stop at once, and the device is a stranger again. Who ' +
        'knows the password can sign in again: change it.',
      tags: ['sessions'],
      body: ref(OneTimeTokenBody),
      response: { 204: nothing('The session is over'), ...problems('one_time_token_invalid') },
    },
    handler: async (request, reply) => {
      await endReportedSession(app, request.body.token, originOf(request))
      return reply.code(204).send(null)
    },
  })

  app.route({
    method: 'POST',
    url: '/auth/unlock',
    config: { limit: 'code' },
    schema: {
      operationId: 'unlockAccount',
      summary: 'Let sign-ins wait no longer',
      description:
        'By the link of the message about too many wrong passwords or codes. The device that asks is known from now on, so that ' +
        'strangers who go on guessing do not keep it waiting.',
      tags: ['account'],
      body: ref(OneTimeTokenBody),
      response: { 200: answer(Unlocked, 'Nobody has to wait', DeviceCookie), ...problems('one_time_token_invalid') },
    },
    handler: async (request, reply) => {
      const device_token = await unlockByLink(app, request.body.token, originOf(request))
      handDevice(app, reply, device_token)
      return device_token === undefined ? {} : { device_token }
    },
  })
}

export default notices
