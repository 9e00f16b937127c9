/**
 * Ajv twice: bodies are taken as they are, query and path are text and have to be coerced. With one coercing
 * validator `{"email":123}` would arrive as `"123"`.
 */
import AjvCompiler, { type BuildCompilerFromPool } from '@fastify/ajv-compiler'
import { AJV_OPTIONS, addOurFormats } from '../src/validation/ajv.ts'

interface Part {
  schema: unknown
  httpPart?: string
}

/** What Ajv compiles a schema to. */
interface Validator {
  (value: unknown): unknown
  errors?: unknown
}

/** Builds the validators of one context: Fastify calls it with the schemas that were added there. */
export const buildValidator: BuildCompilerFromPool = (externalSchemas) => {
  const make = AjvCompiler()
  const compilerOf = (coerceTypes: boolean) =>
    once(() =>
      make(externalSchemas, { customOptions: { ...AJV_OPTIONS, coerceTypes }, onCreate: addOurFormats } as never),
    )
  const strict = compilerOf(false)
  const coercing = compilerOf(true)
  return onceForEach((part: Part) => {
    const compiler = part.httpPart === 'body' ? strict : coercing
    return whenAsked(() => compiler()(part as never) as Validator)
  }) as never
}

function once<T>(make: () => T): () => T {
  let made: T | undefined
  return () => (made ??= make())
}

/** Compiled for the first request that it judges: all together took a seventh of a start. */
function whenAsked(compile: () => Validator): Validator {
  const compiled = once(compile)
  const validator: Validator = (value) => {
    const isValid = compiled()(value)
    validator.errors = compiled().errors
    return isValid
  }
  return validator
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
