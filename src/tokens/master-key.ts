/** The one secret an operator keeps: everything else that is secret is sealed under it or derived from it. */
import { createSecretKey, hkdfSync, type KeyObject, randomBytes } from 'node:crypto'
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { TrailKeys } from '../audit/trail.ts'
import type { Config } from '../config.ts'
import { databaseFile, isPostgresUrl } from '../db/open.ts'
import { type Keys, seal, unsealAny } from './seal.ts'

/** Independent 256-bit keys made of one master key (HKDF, RFC 5869). */
interface DerivedKeys {
  /** seals signing keys at rest, and keys of the audit log that were given up */
  seal: Buffer
  /** seals messages that wait */
  mail: Buffer
  /** authenticates refresh tokens */
  refresh: KeyObject
  /** authenticates the audit log */
  audit: KeyObject
  /** signs what devices are known by */
  device: KeyObject
  /** signs challenges; its library takes a string */
  challenge: string
  /** keeps codes and whom they were sent to from being searched for */
  codes: KeyObject
}

/** The keys of each purpose: those of `JWT_KEY` first, then those of `JWT_KEY_PREVIOUS`, if there is one. */
export type WorkingKeys = { readonly [K in keyof DerivedKeys]: Keys<DerivedKeys[K]> }

/**
 * Where development keeps the master key it made: beside the database, or where that would be by default if it is on a
 * server. Undefined for a database in memory.
 */
export function developmentKeyPath({ database_url }: Pick<Config, 'database_url'>): string | undefined {
  if (isPostgresUrl(database_url)) return join('data', 'jwt.key')
  const path = databaseFile(database_url)
  return path && join(dirname(path), 'jwt.key')
}

/**
 * The master key: `JWT_KEY`, or outside production one that is made once, mode 0600.
 * @returns the key, and the file it was made in if that happened just now
 */
export function resolveMasterKey(config: Pick<Config, 'jwt_key' | 'database_url'>): { key: string; created?: string } {
  if (config.jwt_key) return { key: config.jwt_key }
  const path = developmentKeyPath(config)
  if (!path) return { key: randomBytes(48).toString('base64url') }
  mkdirSync(dirname(path), { recursive: true })
  const created = !existsSync(path) && createOnce(path)
  const key = readFileSync(path, 'utf8').trim()
  if (Buffer.byteLength(key) < MINIMUM) throw new Error(`the key in ${path} has fewer than ${MINIMUM} bytes`)
  return { key, ...(created && { created: path }) }
}

/** Less than this of a key file was cut off or emptied, in bytes. */
const MINIMUM = 32

/** Makes a new key unless another process was first, which must never find the file without the key in it. */
function createOnce(path: string): boolean {
  const draft = `${path}.${randomBytes(6).toString('hex')}`
  try {
    writeFileSync(draft, `${randomBytes(48).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' })
    linkSync(draft, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(draft, { force: true })
  }
}

/**
 * The keys that the service works with.
 * @returns also the file that the master key was made in, if that happened just now
 */
export function resolveKeys(
  config: Pick<Config, 'jwt_key' | 'jwt_key_previous' | 'database_url'>,
): WorkingKeys & { created?: string } {
  const { key, created } = resolveMasterKey(config)
  return { ...deriveKeys(key, config.jwt_key_previous), ...(created !== undefined && { created }) }
}

/** The keys of every purpose, of a master key and of the other one that is accepted. */
export function deriveKeys(masterKey: string, previous?: string): WorkingKeys {
  const current = deriveFrom(masterKey)
  const other = previous === undefined ? undefined : deriveFrom(previous)
  const purposes = Object.keys(current) as (keyof DerivedKeys)[]
  const keys = purposes.map((purpose) => [purpose, other ? [current[purpose], other[purpose]] : [current[purpose]]])
  return Object.fromEntries(keys) as WorkingKeys
}

/**
 * Derives the working keys; each purpose has an `info` of its own, so that none helps to guess another.
 * Those of HMACs are key objects, since an HMAC under a buffer takes six times as long.
 */
function deriveFrom(masterKey: string): DerivedKeys {
  const derive = (info: string) => Buffer.from(hkdfSync('sha256', masterKey, '', info, 32))
  return {
    seal: derive('latchkey/seal'),
    mail: derive('latchkey/mail'),
    refresh: createSecretKey(derive('latchkey/refresh')),
    audit: createSecretKey(derive('latchkey/audit')),
    device: createSecretKey(derive('latchkey/device')),
    challenge: derive('latchkey/challenge').toString('hex'),
    codes: createSecretKey(derive('latchkey/codes')),
  }
}

/** The keys of the audit log, and what keeps them when they are given up. */
export function trailKeys({ audit, seal: keys }: WorkingKeys): TrailKeys {
  return {
    keys: audit,
    seal: (plain, context) => seal(keys[0], plain, context),
    unseal: (sealed, context) => unsealAny(keys, sealed, context),
  }
}
