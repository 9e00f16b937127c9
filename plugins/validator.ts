/**
 * Ajv twice: bodies are taken as they are, query and path are text and have to be coerced. With one coercing
 * validator `{"email":123}` would arrive as `"123"`.
 */

import AjvCompiler, { type BuildCompilerFromPool } from '@fastify/ajv-compiler'
import type { ErrorObject } from 'ajv'
import type { FastifyRequest } from 'fastify'
import { AJV_OPTIONS, addOurFormats } from '../src/validation/ajv.ts'

/** More values than any request has that fits: of such a one only the first fault is told. */
const MOST_VALUES = 100

interface Part {
  schema: unknown
  httpPart?: string
}

/** What Ajv compiles a schema to. */
interface Judge {
  (value: unknown): unknown
  errors?: ErrorObject[] | null
}

/** What Fastify asks: it stops at the first fault. */
interface Validator extends Judge {
  /** All faults of a value that was refused; the first alone where looking for all would cost much more. */
  list: (value: unknown) => readonly ErrorObject[]
}

/** The validator of a part of the request, where its route has one. */
export function validatorOf(request: FastifyRequest, part: 'body' | 'querystring' | 'params' | 'headers') {
  return request.getValidationFunction(part) as unknown as Validator | undefined
}

/** Builds the validators of one context: Fastify calls it with the schemas that were added there. */
export const buildValidator: BuildCompilerFromPool = (externalSchemas) => {
  const make = AjvCompiler()
  const compilerOf = (coerceTypes: boolean, allErrors: boolean) =>
    once(() => {
      // a text such as 1e309 becomes Infinity, which no limit is held against where only finite numbers count as numbers
      const customOptions = { ...AJV_OPTIONS, coerceTypes, allErrors, strictNumbers: !coerceTypes }
      return make(externalSchemas, { customOptions, onCreate: addOurFormats } as never)
    })
  const strict = { first: compilerOf(false, false), all: compilerOf(false, true) }
  const coercing = { first: compilerOf(true, false), all: compilerOf(true, true) }
  return onceForEach((part: Part) => {
    const { first, all } = part.httpPart === 'body' ? strict : coercing
    return whenAsked(
      () => first()(part as never) as Judge,
      () => all()(part as never) as Judge,
    )
  }) as never
}

function once<T>(make: () => T): () => T {
  let made: T | undefined
  return () => (made ??= make())
}

/** Compiled for the first request that it judges: all together took a seventh of a start. */
function whenAsked(compileFirst: () => Judge, compileAll: () => Judge): Validator {
  const compiled = { first: once(compileFirst), all: once(compileAll) }
  const validator = (value: unknown) => {
    const judge = compiled.first()
    const isValid = judge(value)
    validator.errors = judge.errors ?? null
    return isValid
  }
  validator.errors = null as Judge['errors'] | null
  validator.list = (value: unknown) => {
    const judge = hasMoreThan(MOST_VALUES, value) ? compiled.first() : compiled.all()
    return judge(value) ? [] : (judge.errors ?? [])
  }
  return validator as Validator
}

/** Whether there are more values than that in a value, however deep; looks no further than it has to. */
function hasMoreThan(most: number, value: unknown): boolean {
  const rest = [value]
  for (let found = 1; rest.length > 0; ) {
    const each = rest.pop()
    if (typeof each !== 'object' || each === null) continue
    found += Array.isArray(each) ? each.length : Object.keys(each).length
    if (found > most) return true
    rest.push(...Object.values(each))
  }
  return false
}

/** Two routes that take the same share a validator: compiling is most of what it costs. */
function onceForEach<T>(compile: (part: Part) => T): (part: Part) => T {
  const compiled = new Map<string, T>()
  return (part) => {
    const shape = `${part.httpPart} ${JSON.stringify(part.schema)}`
    const validator = compiled.get(shape) ?? compile(part)
    compiled.set(shape, validator)
    return validator
  }
}
