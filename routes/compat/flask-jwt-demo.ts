/** The Flask JWT Authentication API Demo: each token is good for one call, which answers with the next. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { addressOf } from '../../src/accounts/account.ts'
import { Failure } from '../../src/errors.ts'
import { checkLength } from '../../src/passwords/rules.ts'
import { ref } from '../../src/schemas.ts'
import { endSession } from '../../src/sessions/end.ts'
import { changeAccount, removeAccount } from '../../src/sign-in/manage-account.ts'
import { registerOnly } from '../../src/sign-in/register.ts'
import { type Bearer, issueNext, signInForSingleUse, spendToken } from '../../src/sign-in/single-use.ts'
import { verifySingleUse } from '../../src/tokens/single-use-token.ts'
import { answer } from '../contract.ts'
import { DeviceCookie, handDevice } from '../device.ts'
import { actorOf, originOf } from '../origin.ts'
import { membersOf, speak } from './dialect.ts'
import * as words from './flask-jwt-demo-words.ts'

const { REFUSED } = words

const flaskJwtDemo: FastifyPluginAsyncTypebox = async (app) => {
  speak(app, words.dialect)
  // they look at the password before the name
  app.addHook('preValidation', async ({ method, routeOptions, body }) => {
    const { password } = membersOf(body)
    if (routeOptions.url === '/user' && words.isComplete(method, body) && typeof password === 'string')
      checkLength(app, password)
  })

  app.route({
    method: 'POST',
    url: '/user',
    config: { limit: 'register' },
    schema: {
      operationId: 'flaskJwtDemoCreateUser',
      summary: 'Make an account',
      description: 'Of user name and password. No session begins.',
      body: ref(words.Account),
      response: {
        201: answer(words.Message, 'The account is made'),
        ...REFUSED.ofAccount,
        ...REFUSED.ofRegistration,
      },
    },
    handler: async (request, reply) => {
      // one by one: the body is open, and may hold a `roles` of its own
      const { username, password } = request.body
      await registerOnly(app, { username, password }, originOf(request))
      return reply.code(201).send({ message: 'User created successfully' })
    },
  })

  app.route({
    method: 'POST',
    url: '/authenticate_user',
    config: { limit: 'login' },
    schema: {
      operationId: 'flaskJwtDemoAuthenticate',
      summary: 'Sign in',
      description: 'Begins a session. The token stands under two names: one each for two kinds of clients.',
      body: ref(words.Credentials),
      response: { 200: answer(words.Tokens, 'The first token of the session', DeviceCookie), ...REFUSED.ofLogin },
    },
    handler: async (request, reply) => {
      const { username, password } = request.body
      const { token, device_token } = await signInForSingleUse(
        app,
        { identifier: username, password },
        originOf(request),
      )
      handDevice(app, reply, device_token)
      return { token, access_token: token }
    },
  })

  await app.register(user)
  await app.register(tokens)
}

/** Calls that need a token in the header. */
const user: FastifyPluginAsyncTypebox = async (app) => {
  // before the body is judged; used up is the token by the call itself
  app.addHook('onRequest', (request, reply, done) => {
    const token = words.headerToken(request)
    const verified = token ? verifySingleUse(app, token) : Promise.reject(new Failure('token_missing'))
    verified.then(
      () => done(),
      (failure) => app.refuse(failure, request, reply, done),
    )
  })
  const spend = <T>(request: FastifyRequest, work: (bearer: Bearer) => Promise<T>) =>
    spendToken(app, words.headerToken(request), originOf(request), work)
  const security = [{ singleUse: [] }]

  app.route({
    method: 'GET',
    url: '/user',
    config: { limit: 'read' },
    // a HEAD would use the token up and keep the next one to itself
    exposeHeadRoute: false,
    schema: {
      operationId: 'flaskJwtDemoGetUser',
      summary: 'Who is signed in',
      description: 'Uses the token up and answers with the next.',
      security,
      response: { 200: answer(words.User, 'The account, and the next token'), ...REFUSED.ofUser },
    },
    handler: (request) =>
      spend(request, async (bearer) => {
        const { id, username } = bearer.account
        return {
          user: { id, username: username ?? addressOf(bearer.account) ?? '' },
          token: await issueNext(app, bearer),
        }
      }),
  })

  app.route({
    method: 'PUT',
    url: '/user',
    config: { limit: 'write' },
    schema: {
      operationId: 'flaskJwtDemoUpdateUser',
      summary: 'Change one’s user name, password, or both',
      description:
        'Uses the token up and answers with the next; a refused change leaves it good. The token is enough: nobody is asked ' +
        'for the password of before. A new password ends every other session of the account.',
      security,
      body: ref(words.Update),
      response: {
        200: answer(words.Renewed, 'The account is changed; this is the next token'),
        ...REFUSED.ofAccount,
        ...REFUSED.ofUser,
      },
    },
    handler: (request) => {
      const { username, password } = request.body
      if (username === undefined && password === undefined) throw new Failure('validation_failed')
      const update = { ...(username !== undefined && { username }), ...(password !== undefined && { password }) }
      return spend(request, async (bearer) => {
        await changeAccount(app, bearer.account.uid, update, actorOf(request, bearer), bearer.session_id)
        return { message: 'User updated successfully', token: await issueNext(app, bearer) }
      })
    },
  })

  app.route({
    method: 'DELETE',
    url: '/user',
    config: { limit: 'write' },
    schema: {
      operationId: 'flaskJwtDemoDeleteUser',
      summary: 'Delete one’s account',
      description: 'With its password and its sessions, whose tokens stop at once.',
      security,
      response: { 200: answer(words.Message, 'The account is gone'), ...REFUSED.ofUser, ...REFUSED.ofDeletion },
    },
    handler: (request) =>
      spend(request, async (bearer) => {
        await removeAccount(app, bearer.account.uid, actorOf(request, bearer))
        return { message: 'User deleted successfully' }
      }),
  })
}

/** Calls that take a token in the header or in the body; in both, the header counts. */
const tokens: FastifyPluginAsyncTypebox = async (app) => {
  app.addHook('preValidation', async (request) => {
    request.body ??= {}
  })
  const spend = async <T>(request: FastifyRequest, work: (bearer: Bearer) => Promise<T>) => {
    const token = words.presentedToken(request)
    if (!token) throw new Failure('token_missing')
    return spendToken(app, token, originOf(request), work)
  }
  const security = [{ singleUse: [] }, {}]

  app.route({
    method: 'POST',
    url: '/validate_token',
    config: { limit: 'refresh' },
    schema: {
      operationId: 'flaskJwtDemoValidateToken',
      summary: 'Whether a token holds',
      description: 'The token of the header or of the body. Uses it up and answers with the next.',
      security,
      body: ref(words.Presented),
      response: { 200: answer(words.Renewed, 'It does; this is the next token'), ...REFUSED.ofToken },
    },
    handler: (request) =>
      spend(request, async (bearer) => ({ message: 'Token is valid', token: await issueNext(app, bearer) })),
  })

  app.route({
    method: 'POST',
    url: '/logout',
    config: { limit: 'refresh' },
    schema: {
      operationId: 'flaskJwtDemoLogout',
      summary: 'End the session of a token',
      description: 'The token of the header or of the body.',
      security,
      body: ref(words.Presented),
      response: { 200: answer(words.LoggedOut, 'The session is over'), ...REFUSED.ofToken },
    },
    handler: (request) =>
      spend(request, async (bearer) => {
        await endSession(app, bearer.session_id, 'logout', actorOf(request, bearer))
        return { message: 'Logged out successfully', detail: 'User has been logout. Token has been revoked' }
      }),
  })
}

export default flaskJwtDemo
