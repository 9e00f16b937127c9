/** Every mistake that `npm run test:mutants` plants, by the part of the service that it is in. */
import { ACCOUNTS } from './accounts.ts'
import { ATTACKS } from './attacks.ts'
import { AUDIT } from './audit.ts'
import { EDGE } from './edge.ts'
import { EDGES } from './edges.ts'
import { ELSEWHERE } from './elsewhere.ts'
import { MAIL } from './mail.ts'
import type { Mutant } from './mutant.ts'
import { PASSWORDS } from './passwords.ts'
import { PROOFS } from './proofs.ts'
import { SESSIONS } from './sessions.ts'
import { SIGN_IN } from './sign-in.ts'
import { TOKENS } from './tokens.ts'
import { VALIDATION } from './validation.ts'

export const MUTANTS: readonly Mutant[] = [
  ...ACCOUNTS,
  ...ATTACKS,
  ...AUDIT,
  ...EDGE,
  ...EDGES,
  ...ELSEWHERE,
  ...MAIL,
  ...PASSWORDS,
  ...PROOFS,
  ...SESSIONS,
  ...SIGN_IN,
  ...TOKENS,
  ...VALIDATION,
]
