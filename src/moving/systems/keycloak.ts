import { composeKeycloak } from '../../passwords/formats/index.ts'
import { type Members, Unfit } from '../members.ts'
import type { System } from '../system.ts'

/** Keycloak's export of a realm or of its users: one document with a list `users`. */
export const keycloak: System = {
  name: 'keycloak',
  title: 'Keycloak',
  containers: ['json-list'],
  recognises: (has) => has('username') && (has('createdTimestamp') || has('credentials') || has('emailVerified')),
  translate(row) {
    const roles = row.get('realmRoles')
    return {
      id: row.get('id'),
      username: row.get('username'),
      email: row.get('email'),
      email_verified: row.flag('emailVerified'),
      name: [row.text('firstName'), row.text('lastName')].filter(Boolean).join(' '),
      disabled: row.flag('enabled') === false,
      created_at: row.time('createdTimestamp'),
      password_hash: readPassword(row),
      notes: Array.isArray(roles) && roles.length > 0 ? ['its realm roles are not taken over'] : [],
    }
  },
}

interface Credential {
  type?: unknown
  secretData?: unknown
  credentialData?: unknown
}

function readPassword(row: Members): string | undefined {
  const credentials = row.get('credentials') ?? []
  if (!Array.isArray(credentials)) throw new Unfit('credentials must be a list')
  const password = (credentials as (Credential | null)[]).find((credential) => credential?.type === 'password')
  if (!password) return undefined
  const { secretData, credentialData } = password
  if (typeof secretData !== 'string' || typeof credentialData !== 'string') return 'unknown'
  return composeKeycloak(secretData, credentialData) ?? 'unknown'
}
