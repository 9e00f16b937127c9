/** Tools for routes to say what they answer. */
import type { Static, TSchema } from '@sinclair/typebox'
import { Type } from '@sinclair/typebox'
import { type ErrorCode, statusOf, titleOf } from '../src/errors.ts'
import { Problem, ref } from '../src/schemas.ts'

/** A header of an answer. */
export interface ResponseHeader {
  description: string
  type: 'string' | 'integer'
}

/** An answer with a body of a named schema. */
export function answer<T extends TSchema>(schema: T, description: string, headers?: Record<string, ResponseHeader>) {
  return Type.Unsafe<Static<T>>({ ...ref(schema), description, ...(headers && { headers }) })
}

/** An answer without a body. */
export function nothing(description: string, headers?: Record<string, ResponseHeader>) {
  return Type.Unsafe<null>({ type: 'null', description, ...(headers && { headers }) })
}

/** An answer that is not JSON. */
export function text(contentType: string, description: string) {
  return { description, content: { [contentType]: { schema: { type: 'string' } } } }
}

const HEADERS: Readonly<Record<number, Record<string, ResponseHeader>>> = {
  401: { 'WWW-Authenticate': { type: 'string', description: 'RFC 6750' } },
  503: { 'Retry-After': { type: 'integer', description: 'seconds to wait' } },
}

/** The answers for these codes, by status. */
export function problems(...codes: ErrorCode[]): Record<number, unknown> {
  return addProblems({}, codes)
}

/** Adds codes to a route's answers, joining those that share a status. */
export function addProblems(responses: Record<number, unknown>, codes: readonly ErrorCode[]): Record<number, unknown> {
  for (const code of codes) {
    const status = statusOf(code)
    const line = `\`${code}\`: ${titleOf(code)}`
    const before = (responses[status] as { description?: string } | undefined)?.description
    if (before?.includes(line)) continue
    const headers = HEADERS[status]
    responses[status] = {
      description: before ? `${before}\n\n${line}` : line,
      ...(headers && { headers }),
      content: { 'application/problem+json': { schema: { $ref: `${Problem.$id}#` } } },
    }
  }
  return responses
}
