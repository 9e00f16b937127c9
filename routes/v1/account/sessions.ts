import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { Message, Uuid } from '../../../src/schemas.ts'
import { endOwnSession, endUserSessions } from '../../../src/sessions/end.ts'
import { listSessions } from '../../../src/sessions/list.ts'
import { SessionList, SessionQuery } from '../../../src/sessions/schema.ts'
import { answer, nothing, problems } from '../../contract.ts'
import { actorOf } from '../../origin.ts'

/** One's own sessions. */
const sessions: FastifyPluginAsyncTypebox = async (app) => {
  app.route({
    method: 'GET',
    url: '/users/me/sessions',
    config: { permission: 'self:read' },
    schema: {
      operationId: 'listMySessions',
      summary: 'Where one is signed in',
      description: 'The living sessions, newest first, page by page.',
      tags: ['sessions'],
      querystring: SessionQuery,
      response: { 200: answer(SessionList, 'A page of sessions') },
    },
    handler: ({ session, query }) => listSessions(app, session, query),
  })

  app.route({
    method: 'DELETE',
    url: '/users/me/sessions/:session_id',
    config: { permission: 'self:write' },
    schema: {
      operationId: 'endMySession',
      summary: 'Sign one device out',
      description: 'Its tokens stop at once. It may be the session that asks.',
      tags: ['sessions'],
      params: Type.Object({ session_id: Uuid('the session') }),
      response: { 204: nothing('The session is over'), ...problems('session_not_found') },
    },
    handler: async (request, reply) => {
      await endOwnSession(app, request.session, request.params.session_id, actorOf(request))
      return reply.code(204).send(null)
    },
  })

  app.route({
    method: 'POST',
    url: '/auth/logout-all',
    config: { permission: 'self:write' },
    schema: {
      operationId: 'logoutAll',
      summary: 'End every session of the account',
      description: 'This one too. All access and refresh tokens stop at once.',
      tags: ['auth'],
      response: { 200: answer(Message, 'Every session is over') },
    },
    handler: async (request) => {
      await endUserSessions(app, request.session.account, 'logout_all', actorOf(request))
      return { message: 'Signed out everywhere.' }
    },
  })
}

export default sessions
