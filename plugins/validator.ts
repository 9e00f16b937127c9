/**
 * Ajv twice: bodies are taken as they are, query and path are text and have to be coerced. With one coercing
 * validator `{"email":123}` would arrive as `"123"`.
 */
import AjvCompiler, { type BuildCompilerFromPool } from '@fastify/ajv-compiler'
import { isEmail, isPlainText, isUsername } from '../src/accounts/identifiers.ts'

const COMMON = {
  removeAdditional: false,
  useDefaults: true,
  allErrors: false,
  strict: true,
  strictRequired: false,
  keywords: ['example', 'headers', 'content'],
  formats: {
    email: isEmail,
    username: isUsername,
    'plain-text': isPlainText,
    // two different passwords must not become one on their way to UTF-8
    password: (text: string) => text.isWellFormed(),
  },
} as const

/** Builds the validators of one context: Fastify calls it with the schemas that were added there. */
export const buildValidator: BuildCompilerFromPool = (externalSchemas) => {
  const make = AjvCompiler()
  const strict = make(externalSchemas, { customOptions: { ...COMMON, coerceTypes: false } } as never)
  const coercing = make(externalSchemas, { customOptions: { ...COMMON, coerceTypes: true } } as never)
  return ((route: { httpPart?: string }) => (route.httpPart === 'body' ? strict : coercing)(route as never)) as never
}
