/** Passwords made of what everybody knows of their owner (NIST SP 800-63B-4, section 3.1.1.2). */
import type { Config } from '../config.ts'
import { foldPassword, isDecoration, isSequence, lettersOf, readings } from './spelling.ts'

/** What the owner of a password is called, which must not be all of it. */
export interface Owner {
  username?: string | null | undefined
  email?: string | null | undefined
  name?: string | null | undefined
}

/** Shorter words are found in many others, in characters. */
const SHORTEST_WORD = 3

/** A password with this many letters beside the names is made of something else too. */
const LETTERS_BESIDE = 4

/** Whether the password is the names of its owner or of the service, with nothing but decoration around them. */
export function isPersonal(
  { public_url, service_name }: Pick<Config, 'public_url' | 'service_name'>,
  password: string,
  owner: Owner,
): boolean {
  const words = [
    ...wordsOf(owner),
    ...expand([service_name, 'latchkey', ...labelsOf(new URL(public_url).hostname)]),
  ].sort((a, b) => b.length - a.length)
  return [...readings(foldPassword(password))].some((reading) => isMadeOf(reading, words))
}

function isMadeOf(text: string, words: readonly string[]): boolean {
  let rest = text
  for (const word of words) rest = rest.replaceAll(word, '')
  const found = text.length - rest.length
  if (found === 0) return false
  const letters = lettersOf(rest)
  const beside = isSequence(letters) ? 0 : letters.length
  return beside < LETTERS_BESIDE && 2 * beside <= found && isDecoration(rest.length - letters.length, found)
}

/** The names, whole and in their parts, forwards and backwards. */
function wordsOf({ username, email, name }: Owner): Set<string> {
  const [local, domain] = email?.split('@') ?? []
  return expand([username, local, name, ...labelsOf(domain ?? '')])
}

/** What a domain is called, without what others are called as well: its end. */
function labelsOf(domain: string): string[] {
  return domain.split('.').slice(0, -1)
}

function expand(names: ReadonlyArray<string | null | undefined>): Set<string> {
  const words = names.flatMap((name) => {
    const folded = foldPassword(name ?? '')
    return [folded, lettersOf(folded), ...folded.split(/[^\p{L}\p{N}]+/u), ...folded.split(/\P{L}+/u)]
  })
  const long = words.filter((word) => word.length >= SHORTEST_WORD)
  return new Set(long.flatMap((word) => [word, [...word].reverse().join('')]))
}
