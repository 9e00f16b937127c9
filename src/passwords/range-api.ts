/**
 * The range API of Have I Been Pwned, which is asked for the first 20 bits of a password's SHA-1 and answers with all hashes
 * that begin so: k-anonymity, in which what was asked for stays with who asked
 * (https://haveibeenpwned.com/API/v3#PwnedPasswords).
 */
import { hash } from 'node:crypto'

const PREFIX = 5

/**
 * Whether the service knows the password.
 * @param api what the prefix is appended to
 * @param timeout for the whole answer, in ms
 * @throws Error when it does not answer, or says something else
 */
export async function isInRange(api: string, password: string, timeout: number): Promise<boolean> {
  const digest = hash('sha1', password.normalize('NFKC'), 'hex').toUpperCase()
  const response = await fetch(`${api}/${digest.slice(0, PREFIX)}`, {
    // without padding the length of the answer would tell the prefix to who sees encrypted traffic
    headers: { 'add-padding': 'true', 'user-agent': 'latchkey' },
    redirect: 'error',
    signal: AbortSignal.timeout(timeout),
  })
  if (!response.ok) throw new Error(`the answer was ${response.status}`)
  const lines = (await response.text()).split(/\r?\n/)
  if (!lines.every((line) => /^([0-9A-F]{35}:\d+)?$/i.test(line))) throw new Error('the answer is not a range')
  const suffix = `${digest.slice(PREFIX)}:`
  // padding has the count 0
  return lines.some((line) => line.toUpperCase().startsWith(suffix) && Number(line.slice(suffix.length)) > 0)
}
