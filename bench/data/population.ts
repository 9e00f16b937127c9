/** Accounts and sessions in the thousands or millions, made as rows rather than by registering them. */

import { v7 as uuidv7 } from 'uuid'
import { loadConfig } from '../../src/config.ts'
import { createHasher } from '../../src/passwords/hasher.ts'

export interface Population {
  name: string
  users: number
  /** all accounts have the same number of them */
  sessions: number
}

export const FEW: Population = { name: 'few', users: 1000, sessions: 2000 }
export const MANY: Population = { name: 'many', users: 1_000_000, sessions: 2_000_000 }

/** Everybody has this password, since a million hashes would take hours. */
export const PASSWORD = 'correct horse battery staple'

/** The rows stay in use for so long, in ms; the bench lets sessions live and idle as long. */
export const LIFE_DAYS = 365

/** Between two registrations, in ms: ids and times grow as they would have. */
const PACE = 100

/** The first session of an account begins this long after its registration, in ms; the next one as much later. */
const GAP = 30_000

type Value = string | number | null

/** A row in the order of its table's columns below. */
export interface TableRow {
  table: keyof typeof COLUMNS
  values: readonly Value[]
}

export const COLUMNS = {
  users: ['id', 'uid', 'username', 'username_key', 'email', 'email_key', 'name', 'created_at', 'updated_at'],
  passwords: ['user_id', 'hash', 'updated_at'],
  user_roles: ['user_id', 'role'],
  sessions: [
    'id',
    'user_id',
    'salt',
    'generation',
    'rotated_at',
    'created_at',
    'last_used_at',
    'expires_at',
    'ip',
    'user_agent',
  ],
} as const

/** The user name of an account; the names are in no order, as people choose them. */
export function nameOf(userId: number): string {
  return `${(Math.imul(userId, 2_654_435_761) >>> 0).toString(36)}.${userId.toString(36)}`
}

/** The rows of a population; those of one table together, in the order in which foreign keys allow them. */
export async function* rowsOf({ users, sessions }: Population): AsyncGenerator<TableRow> {
  const now = Date.now()
  const began = now - (users + sessions) * PACE - sessions * GAP
  const hash = await hashOfAll()
  for (let id = 1; id <= users; id += 1) yield { table: 'users', values: userValues(id, began + id * PACE) }
  for (let id = 1; id <= users; id += 1) yield { table: 'passwords', values: [id, hash, began + id * PACE] }
  for (let id = 1; id <= users; id += 1) yield { table: 'user_roles', values: [id, 'user'] }
  for (let index = 0; index < sessions; index += 1) {
    const id = uuidv7({ msecs: began + index * GAP })
    yield { table: 'sessions', values: sessionValues(id, (index % users) + 1, now) }
  }
}

async function hashOfAll(): Promise<string> {
  // as the service writes it: one in another spelling would be made anew at the first login
  const hasher = await createHasher(loadConfig({}))
  const hash = await hasher.hash(PASSWORD, { ip: undefined, account: 'bench' })
  await hasher.close()
  return hash
}

function userValues(id: number, at: number): Value[] {
  const name = nameOf(id)
  const email = `${name}@example.org`
  return [id, uuidv7({ msecs: at }), name, name, email, email, `Person ${id}`, at, at]
}

function sessionValues(id: string, userId: number, now: number): Value[] {
  const salt = id.replaceAll('-', '')
  return [id, userId, salt, 1, now, now, now, now + LIFE_DAYS * 86_400_000, '203.0.113.7', 'bench']
}
