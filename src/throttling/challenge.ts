/** What a client has to do before its password is looked at, while many are being guessed. */
import { type Static, Type } from '@sinclair/typebox'
import { createChallenge, extractParams, verifySolution } from 'altcha-lib/v1'
import type { Deps } from '../deps.ts'
import { named, openEnumOf, ref } from '../schemas.ts'

/** How long a challenge is good, in ms. */
const LIFE = 5 * 60_000

/** The number to be found is below this: half as many hashes on average. */
const MOST = 200_000

export const ProofOfWorkAlgorithm = named(
  'ProofOfWorkAlgorithm',
  openEnumOf(['SHA-256'], { description: 'which hash is meant', example: 'SHA-256' }),
)

export const ProofOfWork = named(
  'ProofOfWork',
  Type.Object(
    {
      algorithm: ref(ProofOfWorkAlgorithm),
      challenge: Type.String({
        description: 'the hash, hex, of `salt` followed by a number in decimal',
        example: '9f86d0…',
      }),
      maxnumber: Type.Integer({ description: 'the number is below', example: MOST }),
      salt: Type.String({ example: '4f2a9c1b7d3e?expires=1769847630&' }),
      signature: Type.String({ example: '60303a…' }),
    },
    { description: 'A challenge in the form of ALTCHA, version 1' },
  ),
)
export type ProofOfWork = Static<typeof ProofOfWork>

/** One kind of challenge; a captcha would be another. */
export interface Challenge<Issued> {
  issue(): Promise<Issued>
  /** Whether the answer solves a challenge that is still good, and nobody has shown it before. */
  verify(answer: string): Promise<boolean>
}

/** Makes the challenge to find a number by trying: cheap to check, and dear in large quantities. */
export function createProofOfWork({
  ephemeral,
  keys,
  now,
}: Pick<Deps, 'ephemeral' | 'keys' | 'now'>): Challenge<ProofOfWork> {
  const [hmacKey] = keys.challengeKeys
  return {
    async issue() {
      const { algorithm, challenge, salt, signature } = await createChallenge({
        hmacKey,
        maxnumber: MOST,
        expires: new Date(now() + LIFE),
      })
      return { algorithm: algorithm as 'SHA-256', challenge, maxnumber: MOST, salt, signature }
    },

    async verify(answer) {
      const solution = parse(answer)
      // our own clock judges the end, since the library knows another
      if (!solution || Number(extractParams(solution)['expires']) * 1000 <= now()) return false
      const fits = keys.challengeKeys.map((key) => verifySolution(solution, key, false))
      if (!(await Promise.all(fits)).includes(true)) return false
      return (await ephemeral.count(`solved:${solution.signature}`, LIFE)).count === 1
    },
  }
}

/** The answer is base64 of JSON. */
function parse(answer: string) {
  try {
    const { algorithm, challenge, number, salt, signature } = JSON.parse(Buffer.from(answer, 'base64').toString())
    const isText = [challenge, salt, signature].every((value) => typeof value === 'string')
    if (algorithm !== 'SHA-256' || !isText || !Number.isSafeInteger(number)) return undefined
    return { algorithm: 'SHA-256' as const, challenge, number, salt, signature } as {
      algorithm: 'SHA-256'
      challenge: string
      number: number
      salt: string
      signature: string
    }
  } catch {
    return undefined
  }
}
