/** Tools for routes that speak as another service does. */
import type { TSchema } from '@sinclair/typebox'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type ErrorCode, type Failure, PASSWORD_CODES, statusOf, titleOf } from '../../src/errors.ts'
import type { Dialect as Service } from '../../src/operation/values.ts'

/** What is answered to a failure. */
export interface Retort {
  status: number
  body: object
}

/** How one service words failures. */
export interface Dialect {
  /** the group of the contract */
  tag: Service
  /** what a refusal looks like, where the route says nothing else */
  shape: TSchema
  /** a sentence in that shape */
  wrap: (sentence: string) => object
  word: (failure: Failure, request: FastifyRequest) => Retort
}

/** What a dialect makes of the login that it shares. */
export interface Login {
  credentials: TSchema
  token: TSchema
  /** the sentences that its refusals have in the contract, by status */
  refusals: Readonly<Record<number, readonly string[]>>
  logIn: (app: FastifyInstance, request: FastifyRequest, reply: FastifyReply) => Promise<object>
}

/** A dialect's sentences for failures, with their statuses. */
export type Sentences = Partial<Record<ErrorCode, readonly [status: number, sentence: string]>>

/** Words failures with one sentence each, in the shape that a service gives to all of them. */
export function wordBy(
  wrap: Dialect['wrap'],
  sentenceFor: (failure: Failure, request: FastifyRequest) => readonly [status: number, sentence: string],
): Dialect['word'] {
  return (failure, request) => {
    const [status, sentence] = sentenceFor(failure, request)
    return { status, body: wrap(sentence) }
  }
}

/** Makes the routes of this scope speak a dialect, and says so in the contract. */
export function speak(app: FastifyInstance, dialect: Dialect): void {
  app.wordFailures(dialect.word)
  app.addHook('onRoute', ({ schema, method }) => {
    // a HEAD route shares the schema of its GET, which is described once
    if (!schema || method === 'HEAD') return
    schema.tags = [dialect.tag]
    schema.security ??= []
    schema.response = { ...general(dialect, method !== 'GET'), ...(schema.response ?? {}) }
  })
}

/** What any call may meet. */
function general({ shape, wrap }: Dialect, mayHaveBody: boolean) {
  const codes: ErrorCode[] = ['rate_limited', 'internal_error', 'unavailable']
  if (mayHaveBody) codes.push('malformed_json', 'body_too_large', 'media_type_unsupported')
  return Object.fromEntries(codes.map((code) => [statusOf(code), refusal(shape, [titleOf(code), wrap(titleOf(code))])]))
}

/** An answer with one of some sentences, in the contract. */
export function refusal(shape: TSchema, ...said: ReadonlyArray<readonly [sentence: string, body: object]>) {
  return {
    description: said.length === 1 ? said[0]?.[0] : 'The request was refused, in one of the sentences of the examples.',
    content: {
      'application/json': {
        schema: { $ref: `${shape.$id}#` },
        examples: Object.fromEntries(
          said.map(([sentence, value]) => [slug(sentence), { summary: capitalized(sentence), value }]),
        ),
      },
    },
  }
}

const capitalized = (sentence: string) => sentence.charAt(0).toUpperCase() + sentence.slice(1)

/** An example's name in the contract. */
const slug = (sentence: string) =>
  sentence
    .toLowerCase()
    .match(/[a-z]+/g)
    ?.join('_') ?? ''

const isPasswordCode = (code: ErrorCode) => (PASSWORD_CODES as readonly ErrorCode[]).includes(code)

/** The service's own words for what a dialect has none for. */
export function ownWords({ code, message, detail, errors }: Failure): string {
  const [fault] = errors ?? []
  if (isPasswordCode(code)) return detail ?? message
  if (code === 'validation_failed' && fault) return `${fault.pointer.slice(1) || 'body'} ${fault.message}`
  return message
}

/** The members of a body; none for what is no object. */
export function membersOf(body: unknown): Readonly<Record<string, unknown>> {
  return typeof body === 'object' && body !== null && !Array.isArray(body) ? (body as Record<string, unknown>) : {}
}

/** Whether every one of these members is there and holds text. */
export function hasText(body: unknown, ...names: string[]): boolean {
  const members = membersOf(body)
  return names.every((name) => typeof members[name] === 'string' && members[name] !== '')
}

/** Whether the failure is about what was sent as a body. */
export function isAboutBody({ code }: Failure): boolean {
  return code === 'validation_failed' || code === 'malformed_json'
}

/** Whether a bearer token was presented at all, good or bad. */
export function presentsToken({ headers }: Pick<FastifyRequest, 'headers'>): boolean {
  return /^Bearer +\S/i.test(headers.authorization ?? '')
}
