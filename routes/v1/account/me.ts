import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Account, toChangedUser, toUser } from '../../../src/accounts/account.ts'
import { ProfileUpdate, User } from '../../../src/accounts/schema.ts'
import { PASSWORD_CODES } from '../../../src/errors.ts'
import { PasswordChange } from '../../../src/passwords/schema.ts'
import { makeRequestToken } from '../../../src/proofs/request-token.ts'
import { ref } from '../../../src/schemas.ts'
import { changePassword } from '../../../src/sign-in/change-password.ts'
import { changeAccount, removeAccount } from '../../../src/sign-in/manage-account.ts'
import { AskerCookie, actorKnownBy, handRequestToken } from '../../asker.ts'
import { answer, nothing, problems } from '../../contract.ts'
import { actorOf } from '../../origin.ts'

/** One's own account. */
const me: FastifyPluginAsyncTypebox = async (app) => {
  app.route({
    method: 'GET',
    url: '/users/me',
    config: { permission: 'self:read' },
    schema: {
      operationId: 'getMe',
      summary: 'One’s own account',
      description: 'The account behind the access token.',
      tags: ['account'],
      response: { 200: answer(User, 'The account') },
    },
    handler: showMe,
  })

  app.route({
    method: 'PUT',
    url: '/users/me',
    config: { permission: 'self:write', recent: ['email', 'username'] },
    schema: {
      operationId: 'updateMe',
      summary: 'Change one’s own account',
      description:
        'Members that are not sent stay. An empty `name` removes the name. Where the service can send mail, a new address ' +
        'counts when the link that is sent to it was used; until then the answer has it as `pending_email`, whether or not ' +
        'it is somebody’s (`EMAIL_CHANGE`). Otherwise the account goes by it at once, unproved; where it has proved another ' +
        'one, links and notices go on going to that (`proved_email`) until the link was used.',
      tags: ['account'],
      body: ref(ProfileUpdate),
      response: {
        200: answer(User, 'The account as it is now', AskerCookie),
        ...problems('user_not_found', 'username_taken', 'email_taken'),
      },
    },
    handler: async (request, reply) => {
      const request_token = makeRequestToken()
      const actor = actorKnownBy(request_token, actorOf(request))
      const account = await changeAccount(app, request.session.account.uid, request.body, actor)
      // the browser that asked needs no password beside the link
      if (request.body.email !== undefined) handRequestToken(app, reply, request_token)
      return toChangedUser(account, request.body)
    },
  })

  app.route({
    method: 'DELETE',
    url: '/users/me',
    config: { permission: 'self:write', recent: true },
    schema: {
      operationId: 'deleteMe',
      summary: 'Delete one’s own account',
      description: 'The account, its password and its sessions are gone at once. The last active admin has to stay.',
      tags: ['account'],
      response: { 204: nothing('The account is gone'), ...problems('user_not_found', 'last_admin') },
    },
    handler: async (request, reply) => {
      await removeAccount(app, request.session.account.uid, actorOf(request))
      return reply.code(204).send(null)
    },
  })

  app.route({
    method: 'POST',
    url: '/users/me/password',
    config: { permission: 'self:write' },
    schema: {
      operationId: 'changeMyPassword',
      summary: 'Change one’s own password',
      description: 'This session goes on; every other session of the account ends.',
      tags: ['passwords'],
      body: ref(PasswordChange),
      response: {
        204: nothing('The password is changed'),
        ...problems(...PASSWORD_CODES, 'current_password_wrong', 'overloaded'),
      },
    },
    handler: async (request, reply) => {
      await changePassword(app, request.session, request.body, actorOf(request))
      return reply.code(204).send(null)
    },
  })
}

/** What was put together before, by the account that a session is remembered with; the answer's schema had its say. */
const shown = new WeakMap<Account, string>()

/** Sent without a promise and out of memory: of all calls with a token it is the most frequent. */
function showMe({ session: { account } }: FastifyRequest, reply: FastifyReply): void {
  const body = shown.get(account) ?? (reply.serializeInput(toUser(account), '200') as string)
  shown.set(account, body)
  reply.type('application/json; charset=utf-8').send(body)
}

export default me
