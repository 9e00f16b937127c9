/**
 * Ajv twice: bodies are taken as they are, query and path are text and have to be coerced. With one coercing
 * validator `{"email":123}` would arrive as `"123"`.
 */
import AjvCompiler, { type BuildCompilerFromPool } from '@fastify/ajv-compiler'
import type { Ajv } from 'ajv'
import { isEmail, isPlainText, isUsername } from '../src/accounts/identifiers.ts'

const COMMON = {
  removeAdditional: false,
  useDefaults: true,
  allErrors: false,
  strict: true,
  strictRequired: false,
  keywords: ['example', 'headers', 'content'],
} as const

/** What a string must be beyond its length; Ajv's own idea of an e-mail address or a password would let more through. */
const FORMATS = {
  email: isEmail,
  username: isUsername,
  'plain-text': isPlainText,
  // two different passwords must not become one on their way to UTF-8
  password: (text: string) => text.isWellFormed(),
}

function withFormats(ajv: Ajv): void {
  for (const [name, test] of Object.entries(FORMATS)) ajv.addFormat(name, test)
}

/** Builds the validators of one context: Fastify calls it with the schemas that were added there. */
export const buildValidator: BuildCompilerFromPool = (externalSchemas) => {
  const make = AjvCompiler()
  const strict = make(externalSchemas, {
    customOptions: { ...COMMON, coerceTypes: false },
    onCreate: withFormats,
  } as never)
  const coercing = make(externalSchemas, {
    customOptions: { ...COMMON, coerceTypes: true },
    onCreate: withFormats,
  } as never)
  return ((route: { httpPart?: string }) => (route.httpPart === 'body' ? strict : coercing)(route as never)) as never
}
