/** What somebody keeps who asked for a message: it tells one who asks from another, and proves nothing beyond. */
import { createHash, randomBytes } from 'node:crypto'

const PREFIX = 'lkq_'

/** 256 random bits, so that a plain digest tells nothing of them. */
const RANDOM = 32

/** How long every token is, in characters. */
export const REQUEST_TOKEN_LENGTH = PREFIX.length + Math.ceil((RANDOM * 4) / 3)

/** Makes a token: of one length, whatever becomes of the request. */
export function makeRequestToken(): string {
  return PREFIX + randomBytes(RANDOM).toString('base64url')
}

/** What is stored of a token. */
export function digestOfRequest(token: string): string {
  return createHash('sha256').update(`request\0${token}`).digest('base64url')
}
