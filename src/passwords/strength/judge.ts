import type { Deps } from '../../deps.ts'
import { judgePassword, wordRefusal } from '../rules.ts'
import type { PasswordStrength, StrengthQuestion } from '../schema.ts'

/**
 * How strong a password is, and whether the policy would take it, without asking the breach API: this is asked while
 * somebody types, by anybody.
 * @throws Failure overloaded
 */
export async function judgeStrength(
  deps: Pick<Deps, 'config' | 'passwordLists' | 'strength'>,
  { password, ...owner }: StrengthQuestion,
): Promise<PasswordStrength> {
  const names = [owner.username, owner.email, owner.name, deps.config.service_name]
  const [estimate, refusal] = await Promise.all([
    deps.strength.estimate({ password, names: names.filter((name) => name !== undefined) }),
    judgePassword(deps, password, owner, deps.passwordLists.isListed),
  ])
  return {
    ...estimate,
    accepted: refusal === undefined,
    ...(refusal && { code: refusal, detail: `The password ${wordRefusal(deps, refusal)}.` }),
  }
}
