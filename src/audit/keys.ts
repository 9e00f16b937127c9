/** The keys of the log: the one that counts, the one it is changed for, and those that were given up. */
import { createHash, createSecretKey, type KeyObject } from 'node:crypto'
import type { Db } from '../db/open.ts'
import type { AuditEventRow } from '../db/schema.ts'
import type { Tx } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'
import { type Link, linkAfter, macOf } from './mac.ts'
import type { AuditTrail } from './trail.ts'

/** A key, and the time after which nothing counts that was made with it, epoch ms. */
export interface AuditKey {
  key: KeyObject
  until: number
}

/** Every key that what the log holds may have been made with. */
export type AuditKeys = readonly AuditKey[]

/** Clocks of nodes differ, and what was written is sealed a little later, in ms. */
const BEHIND = 600_000

/** The keys of the configuration, and those that were given up no longer ago than events are kept. */
export async function findAuditKeys(db: Db | Tx, trail: Pick<AuditTrail, 'keys' | 'unseal'>): Promise<AuditKeys> {
  const { keys } = trail
  const rows = await db.selectFrom('audit_keys').selectAll().orderBy('retired_at', 'desc').execute()
  const known = new Set(keys.map(digestOf))
  const retired = rows
    .filter(({ id }) => !known.has(id))
    .flatMap(({ id, sealed, retired_at }) => {
      const key = open(trail, sealed, id)
      return key ? [{ key, until: retired_at + BEHIND }] : []
    })
  return [...keys.map((key) => ({ key, until: Number.POSITIVE_INFINITY })), ...retired]
}

/** Whether any of the keys that counted at a time fits. */
export function fitsAny(keys: AuditKeys, at: number, fits: (key: KeyObject) => boolean): boolean {
  return keys.some(({ key, until }) => at <= until && fits(key))
}

/** Whether the service wrote an event, as it is. */
export function isWritten(keys: AuditKeys, event: AuditEventRow): boolean {
  return fitsAny(keys, event.at, (key) => macOf(key, event) === event.mac)
}

/** Whether the service gave an event its place after another one. */
export function isPlacedAfter(keys: AuditKeys, previous: Link, event: AuditEventRow): boolean {
  if (event.seq !== previous.seq + 1) return false
  return keys.some(({ key }) => linkAfter(key, previous, event).chain === event.chain)
}

/** @returns undefined for one that somebody has altered, or sealed under a key that is not known here: it verifies nothing */
function open(trail: Pick<AuditTrail, 'unseal'>, sealed: string, id: string): KeyObject | undefined {
  try {
    return createSecretKey(Buffer.from(trail.unseal(sealed, contextOfAuditKey(id)), 'base64url'))
  } catch {
    return undefined
  }
}

/** Keeps every key but the first, sealed: what it wrote can be verified when the configuration no longer has it. */
export async function retireAuditKeys(tx: Tx, { audit, now }: Pick<Deps, 'audit' | 'now'>): Promise<void> {
  for (const key of audit.keys.slice(1)) {
    const id = digestOf(key)
    const row = { sealed: audit.seal(key.export().toString('base64url'), contextOfAuditKey(id)), retired_at: now() }
    await tx
      .insertInto('audit_keys')
      .values({ id, ...row })
      .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
      .execute()
  }
}

/** When the key that is being given up was last kept, epoch ms; undefined: never, or none is being given up. */
export async function findRetirement(db: Db, { keys }: Pick<AuditTrail, 'keys'>): Promise<number | undefined> {
  const [, previous] = keys
  if (!previous) return undefined
  const row = await db
    .selectFrom('audit_keys')
    .select('retired_at')
    .where('id', '=', digestOf(previous))
    .executeTakeFirst()
  return row?.retired_at
}

/** Removes the keys of which no event can be left. */
export async function removeOldKeys(tx: Tx, { config, now }: Pick<Deps, 'config' | 'now'>): Promise<void> {
  await tx
    .deleteFrom('audit_keys')
    .where('retired_at', '<', now() - config.audit_retention - BEHIND)
    .execute()
}

const digestOf = (key: KeyObject) =>
  createHash('sha256').update('latchkey/audit\0').update(key.export()).digest('base64url')

/** What such a key is sealed for. */
export const contextOfAuditKey = (id: string) => `audit\0${id}`
