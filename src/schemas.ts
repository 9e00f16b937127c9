/** The shapes that every part of the contract shares, and the three tools that build named ones. */
import { type Static, type TObject, type TSchema, Type } from '@sinclair/typebox'
import { ERROR_CODES, type ErrorCode } from './errors.ts'

const registry = new Map<string, TSchema>()

/** Gives a schema its name in the contract's components; routes mention it with `ref`. */
export function named<T extends TSchema>(name: string, schema: T): T {
  if (registry.has(name)) throw new Error(`two schemas are named ${name}`)
  const withId = { ...schema, $id: name }
  registry.set(name, withId)
  return withId
}

/** Every named schema, for the application to register. */
export function namedSchemas(): readonly TSchema[] {
  return [...registry.values()]
}

/** Mentions a named schema: validated as if it stood here, written as `$ref` in the contract. */
export function ref<T extends TSchema>(schema: T) {
  return Type.Unsafe<Static<T>>({ $ref: `${schema.$id}#` })
}

/** A closed list of strings, for what is asked; an `enum` in the contract, where TypeBox's own union would be a list of constants. */
export function enumOf<const T extends string>(values: readonly T[], options: Record<string, unknown> = {}) {
  return Type.Unsafe<T>({ type: 'string', enum: [...values], ...options })
}

/**
 * A list of strings that will grow, in what is answered: a client that knows fewer of them still reads the answer. In the
 * contract it is a string, with the known values beside it; an `enum` would make generated clients fail at a new one.
 */
export function openEnumOf<const T extends string>(values: readonly T[], options: Record<string, unknown> = {}) {
  return Type.Unsafe<T>({ type: 'string', 'x-extensible-enum': [...values], ...options })
}

/** An object that refuses members it does not know: what a request body has to be. */
export function closed<T extends Record<string, TSchema>>(
  properties: T,
  options: Record<string, unknown> = {},
): TObject<T> {
  return Type.Object(properties, { additionalProperties: false, ...options })
}

/** RFC 3339, always UTC with milliseconds. */
export const Timestamp = (description: string) =>
  Type.String({ format: 'date-time', description, example: '2026-01-31T08:15:30.000Z' })

/** A UUID (RFC 9562). */
export const Uuid = (description: string) =>
  Type.String({ format: 'uuid', description, example: '0198c1a2-7d3e-7b4a-9c55-0f2f6c1d9e21' })

/** So many faults of a request are told at the most. */
export const MOST_FAULTS = 20

export const RequestPart = named(
  'RequestPart',
  openEnumOf(['body', 'query', 'path', 'headers'], { description: 'a part of the request', example: 'body' }),
)

export const FieldError = named(
  'FieldError',
  Type.Object(
    {
      location: ref(RequestPart),
      pointer: Type.String({ description: 'a JSON pointer (RFC 6901) to the member', example: '/email' }),
      message: Type.String({ description: 'what is wrong with it', example: 'must be an e-mail address' }),
    },
    { description: 'A member of the request that does not fit' },
  ),
)

export const ProblemCode = named(
  'ProblemCode',
  openEnumOf(ERROR_CODES, {
    description: 'for programs to tell errors apart; a later version may have more',
    example: 'validation_failed',
  }),
)

/** `Problem`, RFC 9457: what every error of v1 looks like. */
export const Problem = named(
  'Problem',
  Type.Object(
    {
      type: Type.String({ description: 'a URN made of the code', example: 'urn:latchkey:problem:validation_failed' }),
      title: Type.String({ description: 'what the code means', example: 'The request does not fit the contract.' }),
      status: Type.Integer({ description: 'the HTTP status', example: 400 }),
      code: ref(ProblemCode),
      detail: Type.Optional(Type.String({ description: 'what is particular to this occurrence' })),
      request_id: Type.Optional(Type.String({ description: 'names the request in the log; also in `X-Request-Id`' })),
      errors: Type.Optional(
        Type.Array(ref(FieldError), {
          maxItems: MOST_FAULTS,
          description: 'the members that do not fit; of a request with more than 100 values the first alone',
        }),
      ),
    },
    { description: 'An error (RFC 9457)' },
  ),
)
export type Problem = Static<typeof Problem>

/** `Message`: an answer that says only that it is done. */
export const Message = named('Message', Type.Object({ message: Type.String({ example: 'Signed out.' }) }))

/** The codes a route may answer with; its contract says them by status. */
export type { ErrorCode }
