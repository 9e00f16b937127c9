import type { Deps } from '../deps.ts'
import { Failure } from '../errors.ts'

/**
 * Refuses a new password that is too short; characters are Unicode code points, counted as they will be hashed.
 * @param member the member of the request that holds it, for the error
 * @throws Failure password_too_short
 */
export function checkNewPassword({ config }: Pick<Deps, 'config'>, password: string, member = 'password'): void {
  const minimum = config.password_min_length
  if ([...password.normalize('NFKC')].length >= minimum) return
  const message = `must have at least ${minimum} characters`
  throw new Failure('password_too_short', {
    detail: `The password ${message}.`,
    errors: [{ in: 'body', pointer: `/${member}`, message }],
  })
}
