import { composePbkdf2, composeSaltedSha } from '../../passwords/formats/index.ts'
import { type Members, Unfit } from '../members.ts'
import type { System } from '../system.ts'

/** Auth0's export (JSON lines), with the hashes that its support adds, and the schema of its bulk import. */
export const auth0: System = {
  name: 'auth0',
  title: 'Auth0',
  containers: ['json-lines', 'json-list', 'csv'],
  recognises: (has) =>
    has('email') &&
    (has('custom_password_hash') || has('passwordHash') || has('user_id') || has('user_metadata') || has('tenant')),
  translate: (row) => ({
    username: row.get('username'),
    email: row.get('email'),
    email_verified: row.flag('email_verified'),
    name: readName(row),
    disabled: row.flag('blocked'),
    created_at: row.time('created_at'),
    updated_at: row.time('updated_at'),
    password_hash: row.text('passwordHash') ?? row.text('password_hash') ?? readCustom(row.get('custom_password_hash')),
  }),
}

/** Auth0 gives people without a name their address for one. */
function readName(row: Members): unknown {
  const name = row.get('name')
  return name === row.get('email') ? undefined : name
}

interface Encoded {
  value?: unknown
  encoding?: unknown
  position?: unknown
}

const DIGESTS = ['sha1', 'sha256', 'sha512'] as const

/** `custom_password_hash` of the bulk import; what it says in a way that is not read here is no format's. */
function readCustom(custom: unknown): string | undefined {
  if (custom === undefined) return undefined
  if (typeof custom !== 'object' || custom === null) throw new Unfit('custom_password_hash must be an object')
  const { algorithm, hash, salt } = custom as { algorithm?: unknown; hash?: Encoded; salt?: Encoded }
  const value = hash?.value
  if (typeof value !== 'string') return 'unknown'
  const digest = DIGESTS.find((name) => name === algorithm)
  if (digest && salt) {
    const order = salt.position === 'suffix' ? 'password-salt' : 'salt-password'
    return composeSaltedSha(digest, order, decode(salt, 'utf8'), decode(hash as Encoded, 'hex'))
  }
  return algorithm === 'pbkdf2' ? readPbkdf2(value) : value
}

const PBKDF2 = /^\$pbkdf2-(sha1|sha256|sha512)\$i=(\d{1,8}),l=\d+\$([A-Za-z0-9+/=]+)\$([A-Za-z0-9+/=]+)$/

/** The PHC form `$pbkdf2-sha256$i=100000,l=32$salt$hash`. */
function readPbkdf2(value: string): string {
  const [, digest, rounds, salt = '', hash = ''] = PBKDF2.exec(value) ?? []
  if (digest === undefined) return value
  const bytes = (text: string) => Buffer.from(text, 'base64')
  return composePbkdf2(digest as (typeof DIGESTS)[number], Number(rounds), bytes(salt), bytes(hash))
}

function decode({ value, encoding }: Encoded, byDefault: BufferEncoding): Buffer {
  const known = (['utf8', 'hex', 'base64'] as const).find((name) => name === encoding)
  return Buffer.from(typeof value === 'string' ? value : '', known ?? byDefault)
}
