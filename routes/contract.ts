/** Tools for routes to say what they answer. */
import type { Static, TSchema } from '@sinclair/typebox'
import { Type } from '@sinclair/typebox'
import { type ErrorCode, statusOf } from '../src/errors.ts'
import { Problem, ref } from '../src/schemas.ts'

/** A header of an answer. */
export interface ResponseHeader {
  description: string
  type: 'string' | 'integer'
  /** it is not always sent */
  optional?: true
}

/** An answer with a body of a named schema. */
export function answer<T extends TSchema>(schema: T, description: string, headers?: Record<string, ResponseHeader>) {
  return Type.Unsafe<Static<T>>({ ...ref(schema), description, ...(headers && { headers }) })
}

/** An answer without a body. */
export function nothing(description: string, headers?: Record<string, ResponseHeader>) {
  return Type.Unsafe<null>({ type: 'null', description, ...(headers && { headers }) })
}

/** An answer with a body of a named schema, of which the contract shows these. */
export function answerLike<T extends TSchema>(
  schema: T,
  description: string,
  examples: Readonly<Record<string, { summary: string; value: Static<T> }>>,
  headers?: Record<string, ResponseHeader>,
) {
  const content = { 'application/json': { schema: ref(schema), examples } }
  return Type.Unsafe<Static<T>>({ description, content, ...(headers && { headers }) })
}

/** An answer that is not JSON. */
export function text(contentType: string, description: string, example?: string) {
  return { description, content: { [contentType]: { schema: { type: 'string' }, ...(example && { example }) } } }
}

interface ProblemAnswer {
  content: { 'application/problem+json': { schema: object; codes: ErrorCode[] } }
}

/** The answers for these codes, by status. */
export function problems(...codes: ErrorCode[]): Record<number, unknown> {
  return addProblems({}, codes)
}

/** Adds codes to a route's answers, joining those that share a status; plugins/openapi-problems.ts words them. */
export function addProblems(responses: Record<number, unknown>, codes: readonly ErrorCode[]): Record<number, unknown> {
  for (const code of codes) {
    const status = statusOf(code)
    const schema = { $ref: `${Problem.$id}#` }
    responses[status] ??= { content: { 'application/problem+json': { schema, codes: [] } } } satisfies ProblemAnswer
    const known = (responses[status] as ProblemAnswer).content['application/problem+json'].codes
    if (!known.includes(code)) known.push(code)
  }
  return responses
}
