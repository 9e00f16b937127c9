import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ref } from '../../../src/schemas.ts'
import { invite } from '../../../src/sign-in/invitations.ts'
import { Invitation, InvitationSent } from '../../../src/sign-in/schema.ts'
import { answer, problems } from '../../contract.ts'
import { actorOf } from '../../origin.ts'

/** Accounts that administrators offer to people. */
const invitations: FastifyPluginAsyncTypebox = async (app) => {
  app.route({
    method: 'POST',
    url: '/invitations',
    config: { permission: 'users:write', feature: 'invitations', recent: ['roles'] },
    schema: {
      operationId: 'inviteUser',
      summary: 'Invite somebody by mail to make an account',
      description:
        'Without `roles` it will have the role `user`. The link is good for 7 days, once, as long as who invited may; an ' +
        'older one for the same address is void.',
      tags: ['invitations'],
      body: ref(Invitation),
      response: { 201: answer(InvitationSent, 'The invitation is on its way'), ...problems('email_taken') },
    },
    handler: async (request, reply) => {
      const { account } = request.session
      return reply.code(201).send(await invite(app, request.body, { ...actorOf(request), uid: account.uid }))
    },
  })
}

export default invitations
