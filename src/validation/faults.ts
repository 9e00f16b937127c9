/** Ajv's errors as the contract words them; never with the value. */
import type { ErrorObject } from 'ajv'
import type { Fault } from '../errors.ts'

const FORMATS: Readonly<Record<string, string>> = {
  email: 'must be an e-mail address',
  username: 'must have only letters, digits and . _ -',
  'plain-text': 'must be well-formed text without control characters',
  password: 'must be well-formed text',
  uuid: 'must be a UUID',
  locale: 'must be a language tag such as en or de-AT',
}

type AjvError = Pick<ErrorObject, 'instancePath' | 'keyword' | 'params' | 'message'>

/** One error, with the place of the member that does not fit. */
function toFault({ instancePath, keyword, params, message }: AjvError, location: Fault['location']): Fault {
  const member = params['missingProperty'] ?? params['additionalProperty']
  const pointer = member === undefined ? instancePath : `${instancePath}/${escapePointer(String(member))}`
  return { location, pointer, message: wording(keyword, params, message) }
}

/** All of Ajv's errors; of text that is too long, its form is not told as well, since nobody looked at it. */
export function toFaults(errors: readonly AjvError[], location: Fault['location']): Fault[] {
  const tooLong = new Set(errors.filter(({ keyword }) => keyword === 'maxLength').map((error) => error.instancePath))
  return errors
    .filter(({ keyword, instancePath }) => keyword !== 'format' || !tooLong.has(instancePath))
    .map((error) => toFault(error, location))
}

function wording(keyword: string, params: Record<string, unknown>, message = 'does not fit'): string {
  if (keyword === 'required') return 'is missing'
  if (keyword === 'additionalProperties') return 'is not known here'
  if (keyword === 'format') return FORMATS[String(params['format'])] ?? message
  if (keyword === 'enum') return `must be one of ${(params['allowedValues'] as unknown[]).join(', ')}`
  return message
}

/** RFC 6901, section 3. A member's name is the client's own text, so it is kept short. */
function escapePointer(member: string): string {
  return member.slice(0, 64).toWellFormed().replaceAll('~', '~0').replaceAll('/', '~1')
}
