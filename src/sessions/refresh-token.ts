/**
 * Refresh tokens are derived, not stored: session id (16 bytes), generation (4), HMAC-SHA256 over both and the
 * session's salt (32), in base64url behind a prefix that secret scanners can find.
 */
import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto'
import { stringify as formatUuid, parse as parseUuid } from 'uuid'

const PREFIX = 'lkr_'
const ID = 16
const GENERATION = 4
const MAC = 32
const LENGTH = PREFIX.length + Math.ceil(((ID + GENERATION + MAC) * 4) / 3)

/** What a presented token claims; true only once `isAuthentic` has said so. */
export interface PresentedToken {
  session_id: string
  generation: number
  mac: Buffer
}

/** The refresh token of one generation of a session; the same input always gives the same token. */
export function deriveRefreshToken(key: KeyObject, session: { id: string; salt: string }, generation: number): string {
  const head = headOf(session.id, generation)
  return PREFIX + Buffer.concat([head, macOver(key, head, session.salt)]).toString('base64url')
}

function headOf(sessionId: string, generation: number): Buffer {
  const head = Buffer.alloc(ID + GENERATION)
  head.set(parseUuid(sessionId))
  head.writeUInt32BE(generation, ID)
  return head
}

function macOver(key: KeyObject, head: Buffer, salt: string): Buffer {
  return createHmac('sha256', key).update(head).update(Buffer.from(salt, 'hex')).digest()
}

/** Takes a token apart; undefined for anything that is not one. */
export function parseRefreshToken(token: string): PresentedToken | undefined {
  if (token.length !== LENGTH || !token.startsWith(PREFIX)) return undefined
  const bytes = Buffer.from(token.slice(PREFIX.length), 'base64url')
  if (bytes.length !== ID + GENERATION + MAC) return undefined
  const session_id = formatId(bytes.subarray(0, ID))
  if (!session_id) return undefined
  return { session_id, generation: bytes.readUInt32BE(ID), mac: bytes.subarray(ID + GENERATION) }
}

function formatId(bytes: Buffer): string | undefined {
  try {
    return formatUuid(bytes)
  } catch {
    return undefined
  }
}

/** Whether we made the token for this session, with any of these keys; compared in constant time. */
export function isAuthentic(
  keys: readonly KeyObject[],
  session: { id: string; salt: string },
  presented: PresentedToken,
): boolean {
  const head = headOf(session.id, presented.generation)
  return keys.some((key) => timingSafeEqual(macOver(key, head, session.salt), presented.mac))
}
