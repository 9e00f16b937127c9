import { composeFlaskDemo } from '../../passwords/formats/index.ts'
import type { Members } from '../members.ts'
import type { System } from '../system.ts'

/** The Flask JWT authentication API demo: `user(id, username, password)`, the password a blob of salt and PBKDF2. */
export const flaskJwtDemo: System = {
  name: 'flask-jwt-demo',
  title: 'the Flask JWT authentication API demo',
  containers: ['sqlite'],
  recognises: (has) => has('username') && has('password') && !has('email') && !has('password_hash'),
  translate: (row) => ({
    number: row.integer('id'),
    username: row.get('username'),
    password_hash: readBlob(row),
  }),
}

function readBlob(row: Members): string | undefined {
  const blob = row.get('password')
  if (blob === undefined) return undefined
  // what is no such blob is kept as something that no format fits, so that the report says so
  return (blob instanceof Uint8Array ? composeFlaskDemo(blob) : undefined) ?? 'unknown'
}
