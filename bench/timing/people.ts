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

export interface Names {
  known: readonly string[]
  unknown: readonly string[]
}

const nameList = (count: number) => Array.from({ length: count }, () => `n${randomBytes(6).toString('hex')}`)

/** Makes the database with the known ones in it, and a file that lists them. */
export async function populate(env: Record<string, string>, folder: string, count: number): Promise<Names> {
  const names = { known: nameList(count), unknown: nameList(count) }
  const config = loadConfig(env)
  const { db } = openDatabase(config.database_url)
  await migrateUp(db)
  const hasher = await createHasher(config)
  const hash = await hasher.hash(randomBytes(16).toString('hex'), { ip: undefined, account: 'bench' })
  await inTransaction(db, async (tx) => {
    for (const username of names.known) {
      const now = Date.now()
      const { id } = await insertAccount(tx, { username, email: `${username}@example.org` }, { now, disabled: false })
      await storeHash(tx, id, hash, now)
      await setRoles(tx, id, ['user'])
    }
  })
  await hasher.close()
  await db.destroy()
  writeFileSync(`${folder}/known`, names.known.join('\n'))
  return names
}
