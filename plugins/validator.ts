/**
 * Ajv twice: bodies are taken as they are, query and path are text and have to be coerced. With one coercing
 * validator `{"email":123}` would arrive as `"123"`.
 */
import AjvCompiler, { type BuildCompilerFromPool } from '@fastify/ajv-compiler'
import { AJV_OPTIONS, addOurFormats } from '../src/validation/ajv.ts'

/** Builds the validators of one context: Fastify calls it with the schemas that were added there. */
export const buildValidator: BuildCompilerFromPool = (externalSchemas) => {
  const make = AjvCompiler()
  const strict = make(externalSchemas, {
    customOptions: { ...AJV_OPTIONS, coerceTypes: false },
    onCreate: addOurFormats,
  } as never)
  const coercing = make(externalSchemas, {
    customOptions: { ...AJV_OPTIONS, coerceTypes: true },
    onCreate: addOurFormats,
  } as never)
  return onceForEach((route) => (route.httpPart === 'body' ? strict : coercing)(route as never)) as never
}

interface Part {
  schema: unknown
  httpPart?: string
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
