/** How Ajv judges in this service: the settings and the formats of our own that every validator has. */
import type { Ajv } from 'ajv'
import { isEmail, isPlainText, isUsername } from '../accounts/identifiers.ts'
import { isLocale } from '../locale.ts'

/** What all validators share; whether text is coerced into numbers is the one thing they differ in. */
export const AJV_OPTIONS = {
  removeAdditional: false,
  useDefaults: true,
  allErrors: false,
  // ours are checked as TypeBox builds them and by the contract's lint; compiling the rules for schemas was a sixth of a start
  validateSchema: false,
  strict: true,
  strictRequired: false,
  keywords: ['example', 'headers', 'content', 'x-extensible-enum'],
} as const

/** What a string must be beyond its length; Ajv's own idea of an e-mail address or a password would let more through. */
const FORMATS = {
  email: isEmail,
  username: isUsername,
  'plain-text': isPlainText,
  locale: isLocale,
  // two different passwords must not become one on their way to UTF-8
  password: (text: string) => text.isWellFormed(),
}

/** No text of these formats is longer. Where all errors are told, the form is asked for although the length does not fit. */
const LONGEST = 512

/** Teaches an Ajv our formats, and that a list may have no value twice: `uniqueItems` would be a set in some clients. */
export function addOurFormats(ajv: Ajv): void {
  ajv.addKeyword({
    keyword: 'distinct',
    type: 'array',
    validate: (_rule: true, items: unknown[]) => items.length > LONGEST || new Set(items).size === items.length,
    error: { message: 'must have no value twice' },
  })
  for (const [name, test] of Object.entries(FORMATS))
    ajv.addFormat(name, (text) => text.length <= LONGEST && test(text))
}
