import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { getAccount, toChangedUser, toUser } from '../../../src/accounts/account.ts'
import { listAccounts, UserPage, UserQuery } from '../../../src/accounts/list.ts'
import { User } from '../../../src/accounts/schema.ts'
import { PASSWORD_CODES } from '../../../src/errors.ts'
import { ref, Uuid } from '../../../src/schemas.ts'
import { endUserSessions } from '../../../src/sessions/end.ts'
import { unlockAccount } from '../../../src/sign-in/lock.ts'
import { changeAccount, removeAccount } from '../../../src/sign-in/manage-account.ts'
import { openAccount } from '../../../src/sign-in/open-account.ts'
import { UserCreation, UserUpdate } from '../../../src/sign-in/schema.ts'
import { answer, nothing, problems } from '../../contract.ts'
import { actorOf } from '../../origin.ts'

const UserParams = Type.Object({ user_id: Uuid('the account') })

/** All accounts. */
const users: FastifyPluginAsyncTypebox = async (app) => {
  app.route({
    method: 'GET',
    url: '/users',
    config: { permission: 'users:read' },
    schema: {
      operationId: 'listUsers',
      summary: 'Accounts, page by page',
      description: 'In the order in which they were made; accounts that come or go meanwhile do not shift the pages.',
      tags: ['users'],
      querystring: UserQuery,
      response: { 200: answer(UserPage, 'A page of accounts') },
    },
    handler: (request) => listAccounts(app, request.query),
  })

  app.route({
    method: 'POST',
    url: '/users',
    config: { permission: 'users:write', recent: ['roles'] },
    schema: {
      operationId: 'createUser',
      summary: 'Make an account for somebody',
      description: 'Without `roles` it has the role `user`. No session begins.',
      tags: ['users'],
      body: ref(UserCreation),
      response: {
        201: answer(User, 'The account'),
        ...problems(...PASSWORD_CODES, 'username_taken', 'email_taken', 'overloaded'),
      },
    },
    handler: async (request, reply) =>
      reply.code(201).send(toUser(await openAccount(app, request.body, actorOf(request)))),
  })

  app.route({
    method: 'PUT',
    url: '/users/:user_id',
    // who sets somebody's password or address can be that person; their own, and they have made a proof for themselves
    config: { permission: 'users:write', recent: ['roles', 'password', 'email', 'username', 'disabled'] },
    schema: {
      operationId: 'updateUser',
      summary: 'Change an account',
      description: 'Members that are not sent stay. Disabling the account and setting its password end its sessions.',
      tags: ['users'],
      params: UserParams,
      body: ref(UserUpdate),
      response: {
        200: answer(User, 'The account as it is now'),
        ...problems(...PASSWORD_CODES, 'user_not_found', 'username_taken', 'email_taken', 'last_admin', 'overloaded'),
      },
    },
    handler: async (request) => {
      const account = await changeAccount(app, request.params.user_id, request.body, actorOf(request))
      return toChangedUser(account, request.body)
    },
  })

  app.route({
    method: 'DELETE',
    url: '/users/:user_id',
    config: { permission: 'users:write', recent: true },
    schema: {
      operationId: 'deleteUser',
      summary: 'Delete an account',
      description: 'With its password and its sessions, whose tokens stop at once.',
      tags: ['users'],
      params: UserParams,
      response: { 204: nothing('The account is gone'), ...problems('user_not_found', 'last_admin') },
    },
    handler: async (request, reply) => {
      await removeAccount(app, request.params.user_id, actorOf(request))
      return reply.code(204).send(null)
    },
  })

  app.route({
    method: 'POST',
    url: '/users/:user_id/unlock',
    // it takes away what keeps the password from being guessed
    config: { permission: 'users:write', recent: true },
    schema: {
      operationId: 'unlockUser',
      summary: 'Let sign-ins to an account wait no longer',
      description: 'Wrong passwords so far are forgotten. Strangers who go on guessing are kept waiting anew.',
      tags: ['users'],
      params: UserParams,
      response: { 204: nothing('Nobody has to wait'), ...problems('user_not_found') },
    },
    handler: async (request, reply) => {
      await unlockAccount(app, request.params.user_id, actorOf(request))
      return reply.code(204).send(null)
    },
  })

  app.route({
    method: 'DELETE',
    url: '/users/:user_id/sessions',
    config: { permission: 'sessions:end' },
    schema: {
      operationId: 'endUserSessions',
      summary: 'Sign an account out everywhere',
      description: 'All its tokens stop at once.',
      tags: ['users'],
      params: UserParams,
      response: { 204: nothing('Every session is over'), ...problems('user_not_found') },
    },
    handler: async (request, reply) => {
      const account = await getAccount(app.db, request.params.user_id)
      await endUserSessions(app, account, 'revoked_by_admin', actorOf(request))
      return reply.code(204).send(null)
    },
  })
}

export default users
