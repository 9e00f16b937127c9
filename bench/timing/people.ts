/** Names for the two sides: made alike, and half of them registered. */
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { insertAccount } from '../../src/accounts/write.ts'
import { loadConfig } from '../../src/config.ts'
import { migrateUp } from '../../src/db/migrate.ts'
import { openDatabase } from '../../src/db/open.ts'
import { inTransaction } from '../../src/db/transaction.ts'
import { createHasher } from '../../src/passwords/hasher.ts'
import { storeHash } from '../../src/passwords/password.ts'
import { setRoles } from '../../src/roles/grants.ts'
import type { Endpoint } from './endpoints.ts'

export interface Names {
  known: readonly string[]
  unknown: readonly string[]
}

const nameList = (count: number) => Array.from({ length: count }, () => `n${randomBytes(6).toString('hex')}`)

/** What other systems store: bcrypt of cost 12 and 600 000 rounds of PBKDF2, both as much cheaper as the factor says. */
const FOREIGN = {
  bcrypt: (factor: number) => `$2b$${String(12 - Math.log2(factor)).padStart(2, '0')}$${'A'.repeat(53)}`,
  pbkdf2: (factor: number) => `$pbkdf2-sha256$${600_000 / factor}$${'A'.repeat(22)}$${'A'.repeat(43)}`,
}

/** What everybody's password is to be stored as. */
export interface StoredAs {
  stored: Endpoint['stored']
  /** how much cheaper hashes are than people have them; a power of two */
  factor: number
}

/** A hash that no password of the measurement fits. */
async function hashFor(env: Record<string, string>, { stored, factor }: StoredAs): Promise<string> {
  if (stored === 'bcrypt' || stored === 'pbkdf2') return FOREIGN[stored](factor)
  const before = stored === 'outdated' ? { ARGON2_TIME: String(Number(env['ARGON2_TIME']) - 1) } : {}
  const hasher = createHasher(loadConfig({ ...env, ...before }))
  const hash = await hasher.hash(randomBytes(16).toString('hex'), { ip: undefined, account: 'bench' })
  await hasher.close()
  return hash
}

/** Makes the database with the known ones in it, and a file that lists them. */
export async function populate(
  env: Record<string, string>,
  folder: string,
  count: number,
  as: StoredAs,
): Promise<Names> {
  const names = { known: nameList(count), unknown: nameList(count) }
  const config = loadConfig(env)
  const { db } = openDatabase(config.database_url)
  await migrateUp(db)
  const hash = await hashFor(env, as)
  await inTransaction(db, async (tx) => {
    for (const username of names.known) {
      const now = Date.now()
      const { id } = await insertAccount(tx, { username, email: `${username}@example.org` }, { now, disabled: false })
      await storeHash(tx, id, hash, now)
      await setRoles(tx, id, ['user'])
    }
  })
  await db.destroy()
  writeFileSync(`${folder}/known`, names.known.join('\n'))
  return names
}
