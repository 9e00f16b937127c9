import { composeFirebase } from '../../passwords/formats/index.ts'
import { type Members, Unfit } from '../members.ts'
import type { ReadingOptions, System } from '../system.ts'

/** What `firebase auth:export users.json` writes: one document with a list `users`. */
export const firebase: System = {
  name: 'firebase',
  title: 'Firebase',
  containers: ['json-list'],
  recognises: (has) => has('localId'),
  translate: (row, options) => ({
    email: row.get('email'),
    email_verified: row.flag('emailVerified'),
    name: row.get('displayName'),
    disabled: row.flag('disabled'),
    created_at: row.time('createdAt'),
    password_hash: readPassword(row, options),
  }),
}

function readPassword(row: Members, { firebase: parameters }: ReadingOptions): string | undefined {
  const passwordHash = row.text('passwordHash')
  const salt = row.text('salt')
  if (!passwordHash) return undefined
  if (!parameters) throw new Unfit('its password needs --firebase-hash-config')
  return composeFirebase({ ...parameters, passwordHash, salt: salt ?? '' })
}
