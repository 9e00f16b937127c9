import type { System } from '../system.ts'
import { textOf } from './text.ts'

/** python-jwt-template: `user(id, email, password, name, registration_timestamp, admin)`, bcrypt. */
export const pythonJwtTemplate: System = {
  name: 'python-jwt-template',
  title: 'python-jwt-template',
  containers: ['csv', 'json-lines', 'json-list', 'sqlite'],
  recognises: (has) => has('email') && has('password') && has('registration_timestamp'),
  translate(row) {
    const admin = row.flag('admin')
    return {
      number: row.integer('id'),
      email: row.get('email'),
      name: row.get('name'),
      roles: admin ? ['admin', 'user'] : ['user'],
      created_at: row.time('registration_timestamp'),
      password_hash: textOf(row, 'password'),
    }
  },
}
