/**
 * A signed word on how far the chain has come and what it has come to. Whoever keeps one elsewhere can tell later whether
 * the log still is the one that it was made of.
 */
import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto'
import { createSigner, createVerifier } from 'fast-jwt'
import type { AuditCheckpointRow } from '../db/schema.ts'
import type { Deps } from '../deps.ts'
import { type AuditKeys, fitsAny } from './keys.ts'
import { hmacOver, type Link } from './mac.ts'

/** As it is kept and shipped. */
export type Checkpoint = Omit<AuditCheckpointRow, 'id'>

/** What its signature is over. */
type Claims = Pick<Checkpoint, 'at' | 'seq' | 'head' | 'pruned_seq' | 'pruned_head'> & { iss: string }

/** No token passes for one, nor one for a token (RFC 8725, section 3.11). */
const TYP = 'audit-checkpoint+jwt'

/** Makes a checkpoint, signed with the key that signs now. */
export function makeCheckpoint(
  { audit, config, keys, now }: Pick<Deps, 'audit' | 'config' | 'keys' | 'now'>,
  head: Link,
  pruned: Link,
): Checkpoint {
  const { kid, alg, secret, jwk } = keys.current()
  const state = { at: now(), seq: head.seq, head: head.chain, pruned_seq: pruned.seq, pruned_head: pruned.chain }
  const sign = createSigner<Claims>({ key: secret, algorithm: alg, noTimestamp: true, header: { alg, typ: TYP, kid } })
  const row = {
    ...state,
    kid,
    key: jwk ? JSON.stringify(jwk) : null,
    signature: sign({ iss: config.issuer, ...state }),
  }
  return { ...row, mac: macOfCheckpoint(audit.key, row) }
}

/**
 * Whether the service made it, and nobody has changed it. The HMAC covers the key that came with it, so a checkpoint can
 * be judged when that key is long gone from the ring.
 */
export function isGenuine(keys: AuditKeys, checkpoint: Checkpoint): boolean {
  return isOurs(keys, checkpoint) && isSigned(checkpoint)
}

/** Whether it was made with a key of the log; its signature, which is for others, is not looked at. */
export function isOurs(keys: AuditKeys, checkpoint: Checkpoint): boolean {
  return fitsAny(keys, checkpoint.at, (key) => checkpoint.mac === macOfCheckpoint(key, checkpoint))
}

function macOfCheckpoint(auditKey: KeyObject, checkpoint: Omit<Checkpoint, 'mac'>): string {
  const { at, seq, head, pruned_seq, pruned_head, kid, key, signature } = checkpoint
  return hmacOver(auditKey, 'checkpoint', [at, seq, head, pruned_seq, pruned_head, kid, key, signature])
}

/** With HS256 the key is a secret, which is not kept; then the HMAC has to do. */
function isSigned({ kid, key, signature, ...state }: Checkpoint): boolean {
  if (key === null) return true
  const jwk = JSON.parse(key) as JsonWebKey & { kid: string }
  const pem = createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' })
  try {
    const claims = createVerifier({ key: pem, checkTyp: TYP })(signature) as Claims
    const members = ['at', 'seq', 'head', 'pruned_seq', 'pruned_head'] as const
    return jwk.kid === kid && members.every((member) => claims[member] === state[member])
  } catch {
    return false
  }
}
