import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { getAccount, toUser } from '../../../src/accounts/account.ts'
import { User } from '../../../src/accounts/schema.ts'
import { Failure } from '../../../src/errors.ts'
import { isAllowed } from '../../../src/roles/permissions.ts'
import { Uuid } from '../../../src/schemas.ts'
import type { SessionState } from '../../../src/sessions/states.ts'
import { answer, problems } from '../../contract.ts'

/** One account, for its owner and for those who may read all of them. */
const user: FastifyPluginAsyncTypebox = async (app) => {
  app.route({
    method: 'GET',
    url: '/users/:user_id',
    schema: {
      operationId: 'getUser',
      summary: 'One account',
      description: 'One’s own, or with the permission `users:read` anybody’s.',
      tags: ['users'],
      params: Type.Object({ user_id: Uuid('the account') }),
      response: { 200: answer(User, 'The account'), ...problems('permission_denied', 'user_not_found') },
    },
    handler: async ({ session, params }) => {
      requireOwnerOr('users:read', session, params.user_id)
      return toUser(await getAccount(app.db, params.user_id))
    },
  })
}

function requireOwnerOr(permission: 'users:read', { account }: SessionState, uid: string): void {
  if (account.uid !== uid && !isAllowed(account.roles, permission)) throw new Failure('permission_denied')
}

export default user
