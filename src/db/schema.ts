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
  heartbeats: HeartbeatsTable
  audit_events: AuditEventsTable
  audit_checkpoints: AuditCheckpointsTable
  audit_keys: AuditKeysTable
  outbox: OutboxTable
  mail_ledger: MailLedgerTable
  proofs: ProofsTable
  known_devices: KnownDevicesTable
  mail_requests: MailRequestsTable
  sign_in_codes: SignInCodesTable
  upgrades: UpgradesTable
  requested_codes: RequestedCodesTable
}

interface UsersTable {
  /** never reused, not even after a deletion */
  id: Generated<number>
  /** UUIDv7: the `id` of the API and the `sub` of tokens */
  uid: string
  username: string | null
  /** the user name folded; what uniqueness is about */
  username_key: string | null
  /** what the user name looks like; null for what an older version wrote, until this one has looked */
  username_skeleton: string | null
  email: string | null
  email_key: string | null
  email_verified_at: number | null
  /** what the address was changed to at once and not proved, while the proved one still counts for links and notices */
  pending_email: string | null
  pending_email_key: string | null
  name: string | null
  /** BCP 47; null: the service's own */
  locale: string | null
  disabled_at: number | null
  created_at: number
  updated_at: number
  /** when it was brought in out of another system */
  imported_at: number | null
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
  /** when its owner last proved who they are */
  authenticated_at: number
  /** how: a name of RFC 8176, or `link` */
  amr: string
  ip: string | null
  user_agent: string | null
  revoked_at: number | null
  revoked_reason: string | null
  /** what kind of client it is for; null: of a version that knew only `tokens` and `dialect`, and did not tell them apart */
  kind: 'tokens' | 'browser' | 'grant' | 'dialect' | null
  /** the session in which this one was granted */
  parent_id: string | null
  /** the OAuth client that it was granted to; null: our own */
  client_id: string | null
  /** what was granted, as OAuth spells it */
  scope: string | null
  /** JSON: what its owner has proved, and when */
  evidence: string | null
  /** how much that is worth: the `acr` of tokens */
  acr: string | null
  /** JSON: when the last generations were replaced, the newest last; the newest of all is `rotated_at` too */
  rotations: string | null
  /** the newest generation whose refresh token, or an access token issued with it, somebody has shown */
  shown_generation: number | null
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

interface HeartbeatsTable {
  /** a process, by a random name */
  node: string
  beaten_at: number
  expires_at: number
}

interface AuditEventsTable {
  /** UUIDv7 */
  id: string
  at: number
  /** one of src/audit/actions.ts */
  action: string
  outcome: 'success' | 'failure'
  cause: string | null
  /** a uid, `system` or `operator`; null: nobody who is known */
  actor: string | null
  /** the uid of the account that it happened to */
  subject: string | null
  session_id: string | null
  request_id: string | null
  /** JSON */
  details: string | null
  ip: string | null
  user_agent: string | null
  /** 16 random bytes, base64url; goes with `ip` and `user_agent` when these are erased */
  salt: string | null
  /** digest of `ip` and `user_agent` under the salt; null where there was neither */
  personal: string | null
  /** HMAC-SHA256 over everything above but `ip`, `user_agent` and `salt`, base64url */
  mac: string
  /** the place in the chain, from 1; null until the event is sealed */
  seq: number | null
  /** HMAC-SHA256 over the predecessor's, `seq`, `id`, `mac` and, where there is one, `mark`, base64url */
  chain: string | null
  /** what was wrong with it when it was sealed; null: nothing */
  mark: 'late' | 'foreign' | null
}
export type AuditEventRow = Selectable<AuditEventsTable>

interface AuditCheckpointsTable {
  id: Generated<number>
  at: number
  /** the last event that was sealed then, and its `chain` */
  seq: number
  head: string
  /** the last event that was pruned by then, and its `chain`; 0 and the chain's beginning where none was */
  pruned_seq: number
  pruned_head: string
  /** what signed it */
  kid: string
  /** the JWK that verifies the signature, as JSON; null where that would be a secret (HS256) */
  key: string | null
  /** JWS over everything above but `id` and `key` */
  signature: string
  /** HMAC-SHA256 over everything above but `id`, base64url */
  mac: string
}
export type AuditCheckpointRow = Selectable<AuditCheckpointsTable>

interface AuditKeysTable {
  /** digest of the key, base64url */
  id: string
  /** AES-256-GCM over the key, base64url */
  sealed: string
  /** nothing that was made with it later counts */
  retired_at: number
}
export type AuditKeyRow = Selectable<AuditKeysTable>

interface OutboxTable {
  id: Generated<number>
  recipient: string
  /** whose message it is; null where there is no account */
  uid: string | null
  locale: string | null
  template: string
  /** AES-256-GCM over JSON, base64url: may hold a one-time token; the row goes when the message has been sent */
  data: string
  created_at: number
  /** not to be sent before; moved ahead while somebody is sending it */
  due_at: number
  attempts: number
  /** the place among those that are due, lowest first; null where an older version wrote it */
  turn: number | null
}
export type OutboxRow = Selectable<OutboxTable>

interface MailLedgerTable {
  id: Generated<number>
  /** HMAC-SHA256 of the folded address, base64url */
  address: string
  /** one of src/mail/messages.ts */
  purse: string
  template: string
  /** the uid of who asked, where they were signed in */
  asked_by: string | null
  /** 1 where the message was not sent */
  withheld: number
  at: number
  expires_at: number
}

interface ProofsTable {
  /** SHA-256 over purpose and token, base64url */
  digest: string
  purpose: string
  user_id: number | null
  /** in place of an account: the folded address that it was sent to */
  about: string | null
  /** JSON: what must still be so */
  bound: string
  /** the digest of the request token that whoever asked was given: who registered, or wants another address */
  request: string | null
  created_at: number
  expires_at: number
}

interface KnownDevicesTable {
  user_id: number
  /** SHA-256 over the token that the device keeps, base64url */
  digest: string
  /** SHA-256 over network and program, base64url: what one client has in common with itself */
  likeness: string
  created_at: number
  /** the last sign-in with the token; when the row was made, if there was none */
  used_at: number
  expires_at: number
}
export type KnownDeviceRow = Selectable<KnownDevicesTable>
interface MailRequestsTable {
  id: Generated<number>
  kind: string
  /** JSON: what was asked for, by whom it was typed */
  wanted: string
  /** JSON: where the request came from */
  origin: string
  /** the digest of the request token that was given for it; null: noted by an older version */
  request: string | null
  /** the uid of the account whose known device asked; null: a stranger asked, or an older version noted it */
  asked_by: string | null
  created_at: number
}

/** One row an address that has codes: whoever removes it has used one of them, and the others are void. */
interface SignInCodesTable {
  /** HMAC-SHA256 of the folded address, base64url: the row is there whether or not anybody has that address */
  address: string
  /** HMAC-SHA256 over address and newest code, base64url */
  digest: string
  /** how often a code has been tried by who neither asked for it nor comes from where it was asked for */
  tries: number
  expires_at: number
}

interface UpgradesTable {
  /** nodes of older versions are not ready from then on */
  version: string
  finished_at: number
}

interface RequestedCodesTable {
  /** SHA-256 over the request token of who asked for it, base64url */
  request: string
  /** as in `sign_in_codes` */
  address: string
  /** HMAC-SHA256 over address and the network that it was asked from, base64url */
  network: string
  /** HMAC-SHA256 over address and code, base64url */
  digest: string
  /** how often it has been tried with the request token */
  tries: number
  /** how often without, from the network that it was asked from */
  loose_tries: number
  expires_at: number
}
