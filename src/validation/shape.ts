/** Holds values that did not come over HTTP against the schemas of those that do. */
import type { TSchema } from '@sinclair/typebox'
import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import { Failure, type Fault } from '../errors.ts'
import { namedSchemas } from '../schemas.ts'
import { AJV_OPTIONS, addOurFormats } from './ajv.ts'
import { toFaults } from './faults.ts'

/** Says what does not fit about a value; nothing when it does. */
export type Shape = (value: unknown) => readonly Fault[]

/**
 * Compiles a schema, and every named one that it can mention, into a judge that coerces nothing.
 * @param allErrors to hear of everything that does not fit, rather than of the first; only for values of limited size
 */
export function compileShape(schema: TSchema, { allErrors = false } = {}): Shape {
  const ajv = new Ajv({ ...AJV_OPTIONS, keywords: [...AJV_OPTIONS.keywords], coerceTypes: false, allErrors })
  addFormats.default(ajv)
  addOurFormats(ajv)
  for (const named of namedSchemas()) if (named !== schema) ajv.addSchema(named)
  const validate = ajv.compile(schema)
  return (value) => (validate(value) ? [] : toFaults(validate.errors ?? [], 'body'))
}

/**
 * Holds one value against a schema as the API would.
 * @throws Failure validation_failed, in the API's words
 */
export function requireShape(schema: TSchema, value: unknown): void {
  const errors = compileShape(schema, { allErrors: true })(value)
  if (errors.length > 0) throw new Failure('validation_failed', { errors })
}
