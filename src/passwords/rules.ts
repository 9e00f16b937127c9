import type { Deps } from '../deps.ts'
import { Failure } from '../errors.ts'

/** What checking a new password needs. */
export type PasswordNeeds = Pick<Deps, 'config'>

/** What the owner of a password is called, which must not be in it. */
export interface Owner {
  username?: string | null | undefined
  email?: string | null | undefined
  name?: string | null | undefined
}

/**
 * Judges a new password.
 * @param owner whose it will be, as they will be called then
 * @param member the member of the request that holds it, for the error
 * @throws Failure password_too_short
 */
export async function checkNewPassword(
  deps: PasswordNeeds,
  password: string,
  _owner: Owner,
  member = 'password',
): Promise<void> {
  checkLength(deps, password, member)
}

/**
 * Refuses a password that is too short; characters are Unicode code points, counted as they will be hashed.
 * @throws Failure password_too_short
 */
export function checkLength({ config }: Pick<Deps, 'config'>, password: string, member = 'password'): void {
  const minimum = config.password_min_length
  if ([...password.normalize('NFKC')].length >= minimum) return
  const message = `must have at least ${minimum} characters`
  throw new Failure('password_too_short', {
    detail: `The password ${message}.`,
    errors: [{ in: 'body', pointer: `/${member}`, message }],
  })
}
