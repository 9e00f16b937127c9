/** The tables as types. Times are epoch milliseconds; a state is a nullable time. */
import type { Generated, Selectable } from 'kysely'

export interface Tables {
  users: UsersTable
  passwords: PasswordsTable
  roles: RolesTable
  user_roles: UserRolesTable
  sessions: SessionsTable
  signing_keys: SigningKeysTable
  ephemeral: EphemeralTable
  messages: MessagesTable
}

interface UsersTable {
  /** never reused, not even after a deletion */
  id: Generated<number>
  /** UUIDv7: the `id` of the API and the `sub` of tokens */
  uid: string
  username: string | null
  /** the user name folded; what uniqueness is about */
  username_key: string | null
  email: string | null
  email_key: string | null
  email_verified_at: number | null
  name: string | null
  disabled_at: number | null
  created_at: number
  updated_at: number
}
export type UserRow = Selectable<UsersTable>

interface PasswordsTable {
  user_id: number
  /** PHC string, or what another system wrote (src/passwords/formats) */
  hash: string
  updated_at: number
  /** the name of the format, while an imported hash is in one that is easily broken */
  weak_format: string | null
}

interface RolesTable {
  name: string
}

interface UserRolesTable {
  user_id: number
  role: string
}

interface SessionsTable {
  /** UUIDv7: the `sid` of tokens */
  id: string
  user_id: number
  /** 16 random bytes, hex: makes this session's refresh tokens unpredictable to who knows only its id */
  salt: string
  /** how often the refresh token was exchanged */
  generation: number
  rotated_at: number
  created_at: number
  last_used_at: number
  expires_at: number
  ip: string | null
  user_agent: string | null
  revoked_at: number | null
  revoked_reason: string | null
}
export type SessionRow = Selectable<SessionsTable>

interface SigningKeysTable {
  kid: string
  /** counts the keys of one algorithm; two nodes that rotate at once collide here */
  sequence: number
  alg: string
  /** JWK as JSON; null for a symmetric key */
  public_jwk: string | null
  /** AES-256-GCM over the private key, base64url */
  sealed: string
  created_at: number
  /** signs from here on */
  activates_at: number
  /** set when the key must not be believed any more */
  revoked_at: number | null
}
export type SigningKeyRow = Selectable<SigningKeysTable>

interface EphemeralTable {
  key: string
  value: string
  expires_at: number
}

interface MessagesTable {
  id: Generated<number>
  channel: string
  body: string
  expires_at: number
}
