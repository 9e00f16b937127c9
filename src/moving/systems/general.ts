import { composeSaltedSha } from '../../passwords/formats/index.ts'
import { type Members, Unfit } from '../members.ts'
import type { ReadingOptions, System } from '../system.ts'

/** The form of Latchkey's own: what `latchkey export` writes, and what any list of users can be brought into. */
export const general: System = {
  name: 'general',
  title: 'the general form',
  containers: ['csv', 'json-lines', 'json-list'],
  recognises: (has) => (has('username') || has('email')) && !has('encrypted_password') && !has('hashed_password'),
  translate: (row, options) => ({
    id: row.get('id'),
    number: row.integer('number'),
    username: row.get('username'),
    email: row.get('email'),
    email_verified: row.flag('email_verified'),
    email_verified_at: row.time('email_verified_at'),
    name: row.get('name'),
    locale: row.get('locale'),
    roles: readRoles(row.get('roles')),
    disabled: row.flag('disabled'),
    disabled_at: row.time('disabled_at'),
    created_at: row.time('created_at'),
    updated_at: row.time('updated_at'),
    password_hash: readPassword(row, options),
  }),
}

/** A list, or in one cell of a table the names with spaces or commas between them. */
function readRoles(value: unknown): unknown {
  return typeof value === 'string' ? value.split(/[\s,]+/).filter((name) => name !== '') : value
}

function readPassword(row: Members, { digest }: ReadingOptions): string | undefined {
  const hash = row.text('password_hash')
  const salt = row.text('password_salt')
  if (salt === undefined || hash === undefined) return hash
  if (!digest) throw new Unfit('password_salt needs --digest and --salt-order')
  const encoding = /^[0-9a-f]+$/i.test(hash) && hash.length % 8 === 0 ? 'hex' : 'base64'
  return composeSaltedSha(
    digest.name,
    digest.order,
    Buffer.from(salt, digest.saltEncoding),
    Buffer.from(hash, encoding),
  )
}
