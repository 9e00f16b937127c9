/** One-time tokens and codes. */
import type { Mutant } from './mutant.ts'

const SIGNIN = ['test/routes/sign-in.test.ts']
const CODES = ['test/attacks/codes.test.ts']
const PASSWORD = ['test/routes/password.test.ts']
const EMAIL = ['test/routes/email.test.ts']
const OWNER = ['test/attacks/owner.test.ts']
const REG = ['test/routes/registration.test.ts']
const WHAT = ['test/security/what-ends-what.test.ts']
const KEYS = ['test/security/key-change.test.ts']
const STORED = ['test/security/tables.test.ts']

export const PROOFS: readonly Mutant[] = [
  {
    mistake: 'a code can be tried ten times by who asked for it',
    file: 'src/proofs/code.ts',
    from: 'const TRIES = 5',
    to: 'const TRIES = 10',
    tests: [...SIGNIN, ...CODES],
  },
  {
    mistake: 'a code can be tried five times by anybody',
    file: 'src/proofs/code.ts',
    from: 'const LOOSE_TRIES = 3',
    to: 'const LOOSE_TRIES = 5',
    tests: [...SIGNIN, ...CODES],
  },
  {
    mistake: 'a code is good after its time',
    file: 'src/proofs/code.ts',
    from: ".where('address', '=', address)\n    .where('expires_at', '>', now())\n    .execute()",
    to: ".where('address', '=', address)\n    .execute()",
    tests: [...SIGNIN, ...CODES],
  },
  {
    mistake: "a code is good with another's request token",
    file: 'src/proofs/code.ts',
    from: 'if (living.some(({ request }) => request === holder.request)) {',
    to: 'if (living.length > 0 && holder.request !== undefined) {',
    tests: CODES,
  },
  {
    mistake: 'tries of who asked are not counted',
    file: 'src/proofs/code.ts',
    from: ".set((eb) => ({ tries: eb('tries', '+', 1) }))\n      .where('request'",
    to: ".set((eb) => ({ tries: eb('tries', '+', 0) }))\n      .where('request'",
    tests: [...CODES, ...SIGNIN],
  },
  {
    mistake: 'codes of before stay good beside the one that was used',
    file: 'src/proofs/code.ts',
    from: "const others = await tx.deleteFrom('requested_codes').where('address', '=', address).returning('digest').execute()",
    to: "const others = await tx.selectFrom('requested_codes').where('address', '=', address).select('digest').execute()",
    tests: SIGNIN,
  },
  {
    mistake: 'a new code gives back the tries of before',
    file: 'src/proofs/code.ts',
    from: 'then sign_in_codes.tries else 0 end',
    to: 'then 0 else 0 end',
    tests: CODES,
  },
  {
    mistake: 'an address is sent any number of codes that count',
    file: 'src/proofs/code.ts',
    from: '.limit(sql.lit(MOST - 1))',
    to: '.limit(sql.lit(1000))',
    tests: CODES,
  },
  {
    mistake: 'a token for one purpose is one for another',
    file: 'src/proofs/proof.ts',
    from: '`${purpose}\\0${token}`',
    to: 'token',
    tests: PASSWORD,
  },
  {
    mistake: 'a token is good after its time',
    file: 'src/proofs/proof.ts',
    from: 'if (!row || row.expires_at <= now()) return undefined',
    to: 'if (!row) return undefined',
    tests: [...EMAIL, ...PASSWORD],
  },
  {
    mistake: 'a token can be looked at after its time',
    file: 'src/proofs/proof.ts',
    from: ".where('digest', '=', digestOf(purpose, token))\n    .where('expires_at', '>', now())",
    to: ".where('digest', '=', digestOf(purpose, token))",
    tests: [...PASSWORD, ...EMAIL],
  },
  {
    mistake: 'a token is good twice',
    file: 'src/proofs/proof.ts',
    from: "const row = await tx\n    .deleteFrom('proofs')\n    .where('digest', '=', digest)\n    .returning(['user_id', 'bound', 'created_at', 'request', 'expires_at'])",
    to: "const row = await tx\n    .selectFrom('proofs')\n    .where('digest', '=', digest)\n    .select(['user_id', 'bound', 'created_at', 'request', 'expires_at'])",
    tests: [...SIGNIN, ...REG],
  },
  {
    mistake: 'another link of the same kind stays good',
    file: 'src/proofs/proof.ts',
    from: 'if (USED_TOGETHER.has(purpose)) await voidKin(tx, kin)\n  const',
    to: 'const',
    tests: SIGNIN,
  },
  {
    mistake: 'an older invitation stays good',
    file: 'src/proofs/proof.ts',
    from: "new Set(['email-change', 'invitation'])",
    to: "new Set(['email-change'])",
    tests: REG,
  },
  {
    mistake: 'an older wish for an address stays good',
    file: 'src/proofs/proof.ts',
    from: "new Set(['email-change', 'invitation'])",
    to: "new Set(['invitation'])",
    tests: EMAIL,
  },
  {
    mistake: 'a new password leaves a link that signs in',
    file: 'src/proofs/proof.ts',
    from: "['email-change', 'password-reset', 'sign-in']",
    to: "['email-change', 'password-reset']",
    tests: WHAT,
  },
  {
    mistake: 'a token is stored as it is',
    file: 'src/proofs/proof.ts',
    from: "createHash('sha256').update(`${purpose}\\0${token}`).digest('base64url')",
    to: '`${purpose} ${token}`',
    tests: STORED,
  },
  {
    mistake: 'links of before a change that is taken back stay good',
    file: 'src/proofs/proof.ts',
    from: "eb.or([eb('purpose', '<>', keptBefore), eb('created_at', '>=', since)])",
    to: "eb('created_at', '>=', since)",
    tests: EMAIL,
  },
  {
    mistake: 'what somebody was sent can be voided for everybody',
    file: 'src/proofs/proof.ts',
    from: ".where('about', '=', about).where('purpose', 'in', purposes).execute()",
    to: ".where('purpose', 'in', purposes).execute()",
    tests: [...REG, ...OWNER],
  },
  {
    mistake: 'a request token is stored as it is',
    file: 'src/proofs/request-token.ts',
    from: "createHash('sha256').update(`request\\0${token}`).digest('base64url')",
    to: 'token',
    tests: STORED,
  },
  {
    mistake: 'a token is good in the moment in which its time is over',
    file: 'src/proofs/proof.ts',
    from: 'row.expires_at <= now()',
    to: 'row.expires_at < now()',
    tests: EMAIL,
  },
  {
    mistake: 'a token can be looked at in the moment in which its time is over',
    file: 'src/proofs/proof.ts',
    from: ".where('digest', '=', digestOf(purpose, token))\n    .where('expires_at', '>', now())",
    to: ".where('digest', '=', digestOf(purpose, token))\n    .where('expires_at', '>=', now())",
    tests: EMAIL,
  },
  {
    mistake: 'a later change can be taken back after an earlier one was',
    file: 'src/proofs/proof.ts',
    from: "eb.or([eb('purpose', '<>', keptBefore), eb('created_at', '>=', since)])",
    to: "eb('purpose', '<>', keptBefore)",
    tests: EMAIL,
  },
  {
    mistake: 'what is void for one account is void for all',
    file: 'src/proofs/proof.ts',
    from: ".where('user_id', '=', userId)\n    .$if(purposes",
    to: '.$if(purposes',
    tests: SIGNIN,
  },
  {
    mistake: 'any registration is the one of whoever opens a link',
    file: 'src/proofs/proof.ts',
    from: ".where('request', '=', request)\n",
    to: '',
    tests: OWNER,
  },
  {
    mistake: 'a second link takes the room of the first',
    file: 'src/proofs/proof.ts',
    from: '.limit(sql.lit(most - 1))',
    to: '.limit(sql.lit(0))',
    tests: EMAIL,
  },
  {
    mistake: 'a code has one try more with the request token',
    file: 'src/proofs/code.ts',
    from: ".where('tries', '<', TRIES)",
    to: ".where('tries', '<=', TRIES)",
    tests: CODES,
  },
  {
    mistake: 'a code has one try more from where it was asked for',
    file: 'src/proofs/code.ts',
    from: ".where('loose_tries', '<', LOOSE_TRIES)",
    to: ".where('loose_tries', '<=', LOOSE_TRIES)",
    tests: SIGNIN,
  },
  {
    mistake: 'a new password leaves the codes of the older of two keys',
    file: 'src/proofs/code.ts',
    from: 'for (const key of keys.codeKeys) digests',
    to: 'for (const key of keys.codeKeys.slice(0, 1)) digests',
    tests: KEYS,
  },
]
