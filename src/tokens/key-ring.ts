/** The signing keys: who signs now, who is still believed, and when the next one takes over. */
import type { JsonWebKey } from 'node:crypto'
import { type Actor, SYSTEM } from '../audit/actor.ts'
import { recordEvent } from '../audit/record.ts'
import type { SigningKeyRow } from '../db/schema.ts'
import { sharing } from '../db/sharing.ts'
import { inTransaction } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'
import type { WorkingKeys } from './master-key.ts'
import type { Keys } from './seal.ts'
import { createSigningKey, openSigningKey, type SigningKey } from './signing-key.ts'
import { SINGLE_USE_TTL } from './single-use-token.ts'

/** How long others may keep our JWKS, in s. */
export const JWKS_MAX_AGE = 300

/** A new key is published this long before it signs, in ms: longer than any cache of the JWKS lives. */
const LEAD = 2 * JWKS_MAX_AGE * 1000

/** A `kid` that nobody knows makes the ring look into the database at most this often, in ms. */
const UNKNOWN_KID_PAUSE = 1000

/** A key that was withdrawn is kept this long, in ms, for who looks for what has happened. */
const KEEP_WITHDRAWN = 86_400_000

/** News on this channel makes every node read its keys again. */
const CHANNEL = 'keys'

/** How long a token can live that one of the keys signs, in ms. */
function longestLife({ access_token_ttl, compat }: Deps['config']): number {
  return compat.includes('flask-jwt-demo') ? Math.max(access_token_ttl, SINGLE_USE_TTL) : access_token_ttl
}

export interface KeyRing {
  /** authenticate refresh tokens; HMAC-SHA256 */
  readonly refreshKeys: Keys
  /** sign what devices are known by; HMAC-SHA256 */
  readonly deviceKeys: Keys
  /** sign challenges */
  readonly challengeKeys: Keys<string>
  /** keep codes and whom they were sent to from being searched for; HMAC-SHA256 */
  readonly codeKeys: Keys
  /** The key that signs now. */
  current(): SigningKey
  /**
   * The key of this name, unless it was withdrawn. That of tokens which have all expired is there for as long as a session
   * lies idle: who comes back with one is to learn that it has expired, and not that it was never good.
   */
  find(kid: string): Promise<SigningKey | undefined>
  /** Whether the key may have signed a token that has not expired. */
  isBelieved(key: SigningKey): boolean
  /** The public keys by which others can verify our tokens: JWKS (RFC 7517). */
  published(): JsonWebKey[]
  /** Every key that is still believed. */
  list(): SigningKey[]
  /** Reads the keys again and makes the next one when its time has come. */
  maintain(): Promise<void>
  /** Makes the next key; `at` says from when on it signs, by default after its publication has spread. */
  rotate(actor: Actor, at?: number): Promise<SigningKey>
  /** Withdraws every key but the one that signs now. */
  revokeOthers(actor: Actor): Promise<number>
  /** Calls `listener` when keys have changed. */
  onChange(listener: () => void): void
}

type Needs = Pick<Deps, 'audit' | 'config' | 'db' | 'elapsed' | 'ephemeral' | 'now'>

/**
 * Opens the ring, making the first key if there is none.
 * @throws when the keys in the database were sealed under another `JWT_KEY`
 */
export async function openKeyRing(deps: Needs, derived: WorkingKeys): Promise<KeyRing> {
  const { config, db, elapsed, ephemeral, now } = deps
  const listeners: Array<() => void> = []
  let keys: SigningKey[] = []
  let withdrawn: readonly SigningKeyRow[] = []
  let lookedAt = Number.NEGATIVE_INFINITY
  let loading = Promise.resolve()
  let changes = 0
  let seenChanges = 0

  // one at a time: of two that overlap, the one that began first might end last and bring withdrawn keys back
  const load = sharing(async () => {
    const upTo = changes
    const all = await db
      .selectFrom('signing_keys')
      .selectAll()
      // by number, not by time: a key made later to sign at once replaces one that was to sign later
      .orderBy('sequence')
      .execute()
    withdrawn = all.filter(({ revoked_at }) => revoked_at !== null)
    const fresh = all
      .filter(({ revoked_at }) => revoked_at === null)
      .map((row) => {
        try {
          return openSigningKey(row, derived.seal)
        } catch (cause) {
          throw new Error('the signing keys in this database were sealed under another JWT_KEY', { cause })
        }
      })
    const changed = fresh.map(({ kid }) => kid).join() !== keys.map(({ kid }) => kid).join()
    keys = fresh
    seenChanges = upTo
    if (changed) for (const listener of listeners) listener()
  })

  const ours = () => keys.filter(({ alg }) => alg === config.jwt_alg)

  /** Until when tokens of this key are believed: their longest life beyond its last signature. */
  function believedUntil(key: SigningKey): number {
    const next = keys.find(({ alg, sequence }) => alg === key.alg && sequence > key.sequence)
    const abandoned = key.alg === config.jwt_alg ? Number.POSITIVE_INFINITY : key.activates_at + config.key_rotation
    return (next?.activates_at ?? abandoned) + longestLife(config) + config.clock_tolerance
  }

  async function add(actor: Actor, sequence: number, activates_at: number): Promise<void> {
    const row = {
      ...createSigningKey(config.jwt_alg, derived.seal[0]),
      sequence,
      created_at: now(),
      activates_at,
      revoked_at: null,
    }
    // Another node that came to the same conclusion has taken the number: then its key is the next one.
    await inTransaction(db, async (tx) => {
      const added = await tx
        .insertInto('signing_keys')
        .values(row)
        .onConflict((conflict) => conflict.columns(['alg', 'sequence']).doNothing())
        .returning('kid')
        .executeTakeFirst()
      const details = { kid: row.kid, alg: row.alg }
      if (!added) return
      await recordEvent(tx, deps, { action: 'key.create', actor, details })
      await ephemeral.publish(tx, CHANNEL, row.kid)
    })
    await load()
  }

  async function nextSequence(): Promise<number> {
    const row = await db
      .selectFrom('signing_keys')
      .select((eb) => eb.fn.max('sequence').as('last'))
      .where('alg', '=', config.jwt_alg)
      .executeTakeFirst()
    return (row?.last ?? 0) + 1
  }

  /** Removes keys that nobody believes any more. */
  async function removeDead(): Promise<void> {
    const dead = [
      ...withdrawn.filter(({ revoked_at }) => now() - (revoked_at ?? now()) > KEEP_WITHDRAWN),
      ...keys.filter((key) => now() - believedUntil(key) > config.session_idle_ttl),
    ].map(({ kid }) => kid)
    if (dead.length > 0) await db.deleteFrom('signing_keys').where('kid', 'in', dead).execute()
  }

  async function maintain(): Promise<void> {
    await load()
    await removeDead()
    const newest = ours().at(-1)
    if (!newest) return add(SYSTEM, await nextSequence(), now())
    const lead = Math.min(LEAD, config.key_rotation / 4)
    const due = newest.activates_at + config.key_rotation
    if (now() >= due - lead) await add(SYSTEM, newest.sequence + 1, Math.max(due, now() + lead))
  }

  function current(): SigningKey {
    const candidates = ours()
    const key = candidates.findLast(({ activates_at }) => activates_at <= now()) ?? candidates[0]
    if (!key) throw new Error('the key ring is empty')
    return key
  }

  const isBelieved = (key: SigningKey) => believedUntil(key) > now()
  const believed = () => keys.filter(isBelieved)
  const known = (kid: string) => keys.find((key) => key.kid === kid)

  /** Keys have changed elsewhere: what was verified by them counts no longer, and look-ups wait for the new ones. */
  function reload(): void {
    changes += 1
    for (const listener of listeners) listener()
    loading = load().catch(() => {})
  }

  ephemeral.subscribe(CHANNEL, { hear: reload, lose: reload })
  await maintain()

  return {
    refreshKeys: derived.refresh,
    deviceKeys: derived.device,
    challengeKeys: derived.challenge,
    codeKeys: derived.codes,
    current,
    isBelieved,
    maintain,

    async find(kid) {
      await loading
      // the keys that were heard of could not be read then
      if (seenChanges !== changes) await load()
      const key = known(kid)
      if (key || elapsed() - lookedAt < UNKNOWN_KID_PAUSE) return key
      lookedAt = elapsed()
      await load()
      return known(kid)
    },

    published: () => believed().flatMap(({ jwk }) => (jwk ? [jwk] : [])),

    list: believed,

    async rotate(actor, at = now() + LEAD) {
      const sequence = await nextSequence()
      await add(actor, sequence, at)
      const key = ours().find((candidate) => candidate.sequence === sequence)
      if (!key) throw new Error('the new key was withdrawn at once')
      return key
    },

    async revokeOthers(actor) {
      const withdrawn = await inTransaction(db, async (tx) => {
        const { numUpdatedRows } = await tx
          .updateTable('signing_keys')
          .set({ revoked_at: now() })
          .where('kid', '<>', current().kid)
          .where('revoked_at', 'is', null)
          .executeTakeFirst()
        const details = { keys: Number(numUpdatedRows) }
        if (details.keys === 0) return 0
        await recordEvent(tx, deps, { action: 'key.revoke', actor, details })
        await ephemeral.publish(tx, CHANNEL, 'revoked')
        return details.keys
      })
      await load()
      return withdrawn
    },

    onChange: (listener) => listeners.push(listener),
  }
}
