/** What a new password has to be: NIST SP 800-63B-4, section 3.1.1.2, and no rules of composition. */
import type { Deps } from '../deps.ts'
import { Failure, type PASSWORD_CODES } from '../errors.ts'
import type { PasswordLists } from './lists.ts'
import { isPersonal, type Owner } from './personal.ts'
import { coresOf, foldPassword, isSequence, unitOf } from './spelling.ts'

export type { Owner }

/** What checking a new password needs. */
export type PasswordNeeds = Pick<Deps, 'config' | 'passwordLists'>

/** Why a password is refused. */
export type Refusal = (typeof PASSWORD_CODES)[number]

const TOO_SHORT = (minimum: number) => `must have at least ${minimum} characters`
const WORDS = {
  password_contains_name: 'must not be made of the names of its owner or of the service',
  password_common: 'must not be a common one, a sequence or a repetition, whatever surrounds it',
  password_breached: 'must not be one that was found in a breach',
} as const satisfies Partial<Record<Refusal, string>>

/**
 * Refuses a new password that is too short, and with `PASSWORD_POLICY=strict` one that others would guess.
 * @param owner whose it will be, as they will be called then
 * @param member the member of the request that holds it, for the error
 * @throws Failure with one of `PASSWORD_CODES`
 */
export async function checkNewPassword(
  deps: PasswordNeeds,
  password: string,
  owner: Owner,
  member = 'password',
): Promise<void> {
  checkLength(deps, password, member)
  const why = await judgePassword(deps, password, owner, deps.passwordLists.isBreached)
  if (why) refuse(why, wordRefusal(deps, why), member)
}

/**
 * Refuses a password that is too short; characters are Unicode code points, counted as they will be hashed.
 * @throws Failure password_too_short
 */
export function checkLength({ config }: Pick<Deps, 'config'>, password: string, member = 'password'): void {
  const why = 'password_too_short'
  if (isTooShort({ config }, password)) refuse(why, wordRefusal({ config }, why), member)
}

/**
 * Why the policy refuses a password, if it does.
 * @param isBreached how to find out whether it was found in a breach
 */
export async function judgePassword(
  { config, passwordLists }: PasswordNeeds,
  password: string,
  owner: Owner,
  isBreached: PasswordLists['isBreached'],
): Promise<Refusal | undefined> {
  if (isTooShort({ config }, password)) return 'password_too_short'
  if (config.password_policy === 'length') return undefined
  if (isPersonal(config, password, owner)) return 'password_contains_name'
  if (await isCommon({ config, passwordLists }, foldPassword(password))) return 'password_common'
  return (await isBreached(password)) ? 'password_breached' : undefined
}

/** The refusal in words that follow “The password”. */
export function wordRefusal({ config }: Pick<Deps, 'config'>, why: Refusal): string {
  return why === 'password_too_short' ? TOO_SHORT(config.password_min_length) : WORDS[why]
}

function isTooShort({ config }: Pick<Deps, 'config'>, password: string): boolean {
  return [...password.normalize('NFKC')].length < config.password_min_length
}

/** Whether it is a common word with the usual around it, runs along the keyboard, or repeats what would be too short. */
async function isCommon({ config, passwordLists }: PasswordNeeds, folded: string): Promise<boolean> {
  const unit = unitOf(folded)
  if (isSequence(folded) || (unit !== folded && isTooShort({ config }, unit))) return true
  for (const core of coresOf(folded)) if (await passwordLists.isCommon(core)) return true
  return false
}

function refuse(why: Refusal, message: string, member: string): never {
  throw new Failure(why, {
    detail: `The password ${message}.`,
    errors: [{ location: 'body', pointer: `/${member}`, message }],
  })
}
