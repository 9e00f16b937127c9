/** `POST /auth/login`, which two dialects share: the body says whose call it is. */
import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { named, ref } from '../../src/schemas.ts'
import { answer } from '../contract.ts'
import { DeviceCookie } from '../device.ts'
import { type Dialect, type Login, membersOf, refusal, speak } from './dialect.ts'
import * as flaskAuth from './flask-auth.ts'
import * as template from './python-jwt-template.ts'

interface Speaker {
  dialect: Dialect
  login: Login
}

// the narrower shape first: what has a `status` also fits the other, but not the other way round
const SPEAKERS: readonly Speaker[] = [template, flaskAuth]
const choice = (name: string, ...shapes: Parameters<typeof ref>[0][]) => named(name, Type.Union(shapes.map(ref)))

const Credentials = choice('CompatCredentials', ...SPEAKERS.map(({ login }) => login.credentials))
const Token = choice('CompatToken', ...SPEAKERS.map(({ login }) => login.token))
const Message = choice('CompatMessage', ...SPEAKERS.map(({ dialect }) => dialect.shape))

const TEMPLATE_MEMBERS: readonly string[] = ['email', 'password', 'name']

/** A body with `email`, or with nothing but members of that dialect. None and an empty one are the other's. */
function speaksTemplate(body: unknown): boolean {
  const names = Object.keys(membersOf(body))
  return names.includes('email') || (names.length > 0 && names.every((name) => TEMPLATE_MEMBERS.includes(name)))
}

const whose = (body: unknown): Speaker => (speaksTemplate(body) ? template : flaskAuth)

/** Both at once: each call is answered by one of them. */
const BOTH: Speaker = {
  dialect: {
    // an operation in two groups would be two in most generated clients
    tag: template.dialect.tag,
    shape: Message,
    wrap: flaskAuth.dialect.wrap,
    // refused before the body was read: this one's answer has what the other's has
    word: (failure, request) =>
      (failure.code === 'rate_limited' ? template : whose(request.body)).dialect.word(failure, request),
  },
  login: {
    credentials: Credentials,
    token: Token,
    refusals: {},
    logIn: (app, request, reply) => whose(request.body).login.logIn(app, request, reply),
  },
}

/** The refusals of the contract, each sentence in the shape of who says it. */
function refusalsOf(shape: Dialect['shape'], speakers: readonly Speaker[]) {
  const statuses = [...new Set(speakers.flatMap(({ login }) => Object.keys(login.refusals)))]
  return Object.fromEntries(
    statuses.map((status) => {
      const said = speakers.flatMap(({ dialect, login }) =>
        (login.refusals[Number(status)] ?? []).map((sentence) => [sentence, dialect.wrap(sentence)] as const),
      )
      return [status, refusal(shape, ...said)]
    }),
  )
}

const login: FastifyPluginAsyncTypebox = async (app) => {
  const speakers = SPEAKERS.filter(({ dialect }) => app.config.compat.includes(dialect.tag))
  const [only] = speakers
  const { dialect, login } = speakers.length === 1 && only ? only : BOTH
  speak(app, dialect)

  app.route({
    method: 'POST',
    url: '/auth/login',
    config: { limit: 'login' },
    schema: {
      operationId: 'compatLogin',
      summary: 'Sign in, as either of two services does',
      description:
        'A body with `email` gets the answers of `python-jwt-template`, one with `identifier` those of `flask-auth`. ' +
        'The session ends with its access token.',
      body: ref(login.credentials),
      response: {
        200: answer(login.token, 'The access token of a new session', DeviceCookie),
        ...refusalsOf(dialect.shape, speakers),
      },
    },
    handler: async (request, reply) => login.logIn(app, request, reply) as never,
  })
}

export default login
