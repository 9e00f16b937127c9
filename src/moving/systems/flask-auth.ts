import type { System } from '../system.ts'
import { textOf } from './text.ts'

/** The Flask register, login and protected system: `user(id, username, email, password_hash, created_at, updated_at)`, bcrypt. */
export const flaskAuth: System = {
  name: 'flask-auth',
  title: 'the Flask authentication system',
  containers: ['sqlite'],
  recognises: (has) => has('username') && has('email') && has('password_hash'),
  translate: (row) => ({
    number: row.integer('id'),
    username: row.get('username'),
    email: row.get('email'),
    created_at: row.time('created_at'),
    updated_at: row.time('updated_at'),
    password_hash: textOf(row, 'password_hash'),
  }),
}
