import type { Members } from '../members.ts'
import type { Draft, System } from '../system.ts'
import { textOf } from './text.ts'

const UUID = /^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i

/** The FastAPI user authentication service: `users(id, email, username, hashed_password, is_active, is_superuser, …)`, bcrypt. */
export const fastapiAuth: System = {
  name: 'fastapi-auth',
  title: 'the FastAPI user authentication service',
  containers: ['sqlite', 'csv', 'json-lines', 'json-list'],
  recognises: (has) => has('email') && has('hashed_password'),
  translate(row) {
    const isActive = row.flag('is_active') ?? true
    const isAdmin = row.flag('is_superuser') ?? row.flag('is_admin') ?? false
    return {
      ...readId(row),
      username: row.get('username'),
      email: row.get('email'),
      email_verified: row.flag('is_verified'),
      name: row.get('full_name') ?? row.get('name'),
      roles: isAdmin ? ['admin', 'user'] : ['user'],
      disabled: !isActive,
      created_at: row.time('created_at'),
      updated_at: row.time('updated_at'),
      password_hash: textOf(row, 'hashed_password'),
    }
  },
}

/** A number, or a UUID with or without its hyphens. */
function readId(row: Members): Pick<Draft, 'id' | 'number'> {
  const id = row.get('id')
  if (typeof id !== 'string' || !UUID.test(id)) return { number: row.integer('id') }
  const digits = id.replaceAll('-', '')
  return { id: [[0, 8], [8, 12], [12, 16], [16, 20], [20]].map(([from, to]) => digits.slice(from, to)).join('-') }
}
