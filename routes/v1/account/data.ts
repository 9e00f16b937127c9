import { Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { listActivity } from '../../../src/audit/list.ts'
import { ActivityPage, ActivityQuery } from '../../../src/audit/schema.ts'
import { gatherPersonalData } from '../../../src/personal-data/gather.ts'
import { PersonalData } from '../../../src/personal-data/schema.ts'
import { answer, problems } from '../../contract.ts'
import { actorOf } from '../../origin.ts'

/** What the service knows of who asks. */
const data: FastifyPluginAsyncTypebox = async (app) => {
  app.route({
    method: 'GET',
    url: '/users/me/activity',
    config: { permission: 'self:read' },
    schema: {
      operationId: 'listMyActivity',
      summary: 'What happened to one’s own account',
      description: 'Newest first: sign-ins and tries, changes and who made them.',
      tags: ['account'],
      querystring: ActivityQuery,
      response: { 200: answer(ActivityPage, 'A page of events') },
    },
    handler: (request) => listActivity(app, request.session.account.uid, request.query),
  })

  app.route({
    method: 'GET',
    url: '/users/me/export',
    // a HEAD would gather everything, and show nothing of it
    exposeHeadRoute: false,
    config: { permission: 'self:read', recent: true, limit: 'export' },
    schema: {
      operationId: 'exportMyData',
      summary: 'Everything that is held about oneself',
      description:
        'The account, its sessions, what waits for it and what happened to it. Secrets are told of, and not shown: the ' +
        'hash of the password and the digests of one-time tokens.',
      tags: ['account'],
      response: { 200: answer(PersonalData, 'Everything'), ...problems('user_not_found') },
    },
    handler: async (request, reply) => {
      const text = await gatherPersonalData(app, actorOf(request))
      return reply.type('application/json; charset=utf-8').send(Readable.from(text) as never)
    },
  })
}

export default data
