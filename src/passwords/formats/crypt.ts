/** What crypt(3) writes: sha-crypt and md5-crypt. Computed on a thread of their own, since nothing native does it. */
import type { CryptInput } from './crypt/crypt.ts'
import { formatOf, type Reading, sameBytes } from './format.ts'
import type { Work } from './work.ts'

const DEFAULT_ROUNDS = 5000

/** Bounds of sha-crypt's rounds; the algorithm knows no fewer, and the most takes seconds. */
const MIN_ROUNDS = 1000
const MAX_ROUNDS = 2_000_000

const SHA = /^\$([56])\$(?:rounds=([1-9]\d{3,6})\$)?([./0-9A-Za-z]{0,16})\$([./0-9A-Za-z]+)$/
const CHECKSUM_LENGTHS: Record<string, number> = { 5: 43, 6: 86 }
const MD5 = /^\$(1|apr1)\$([./0-9A-Za-z]{0,8})\$([./0-9A-Za-z]{22})$/

function readingOf(
  parameters: Omit<CryptInput, 'password'>,
  checksum: string,
  { weak, work }: Pick<Reading, 'weak' | 'work'>,
): Reading {
  return {
    weak,
    work,
    fits: async (password, crypt) =>
      sameBytes(Buffer.from(await crypt({ ...parameters, password })), Buffer.from(checksum)),
  }
}

function readSha(name: Extract<Work['kind'], 'sha256-crypt' | 'sha512-crypt'>, wanted: '5' | '6') {
  return formatOf(name, (hash) => {
    const [, scheme = '', roundsText, salt = '', checksum = ''] = SHA.exec(hash) ?? []
    const rounds = roundsText === undefined ? DEFAULT_ROUNDS : Number(roundsText)
    if (scheme !== wanted || checksum.length !== CHECKSUM_LENGTHS[scheme]) return undefined
    if (rounds < MIN_ROUNDS || rounds > MAX_ROUNDS) return undefined
    const work = { kind: name, units: rounds }
    return readingOf({ scheme: wanted, salt, rounds }, checksum, { weak: rounds < DEFAULT_ROUNDS, work })
  })
}

/** `$5$`, with or without `rounds=`. */
export const sha256Crypt = readSha('sha256-crypt', '5')

/** `$6$`, with or without `rounds=`. */
export const sha512Crypt = readSha('sha512-crypt', '6')

/** `$1$`, and `$apr1$` of Apache's htpasswd. */
export const md5Crypt = formatOf('md5-crypt', (hash) => {
  const [, scheme, salt = '', checksum = ''] = MD5.exec(hash) ?? []
  if (!scheme) return undefined
  const work = { kind: 'md5-crypt', units: 1 } as const
  return readingOf({ scheme: scheme as '1' | 'apr1', salt, rounds: 0 }, checksum, { weak: true, work })
})
