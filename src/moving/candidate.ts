/** A user of another system held against our rules. What does not fit is said; nothing is made to fit. */
import { createHash } from 'node:crypto'
import { Type } from '@sinclair/typebox'
import { foldIdentifier } from '../accounts/identifiers.ts'
import { DisplayName, Email, Locale, RoleName, Username } from '../accounts/schema.ts'
import { canonicalLocale } from '../locale.ts'
import { judgeHash } from '../passwords/formats/index.ts'
import type { Role } from '../roles/permissions.ts'
import { closed, ref, Uuid } from '../schemas.ts'
import { compileShape } from '../validation/shape.ts'
import type { Row } from './containers/row.ts'
import { type Members, membersOf, Unfit } from './members.ts'
import type { Draft, ReadingOptions, System } from './system.ts'

/** Who a line is about, as far as it says. */
export interface Identity {
  line: number
  username?: string | undefined
  email?: string | undefined
}

/** A user who fits, as the account would be. */
export interface Candidate extends Identity {
  uid: string
  number: number | undefined
  username_key: string | null
  email_key: string | null
  email_verified_at: number | null
  name: string | null
  locale: string | null
  roles: readonly Role[]
  disabled_at: number | null
  created_at: number
  updated_at: number
  password: { hash: string; format: string; weak: boolean } | undefined
  notes: readonly string[]
}

/** A line that is nobody, and every reason for that. */
export interface Rejected extends Identity {
  reasons: readonly string[]
}

/** New accounts are numbered on from the highest; beyond 2^53 two numbers would be read as one, and two people be one. */
const MAX_NUMBER = 2 ** 52

/** What the API would refuse is refused here, in the same words. */
const Values = closed({
  id: Type.Optional(Uuid('the account’s id')),
  number: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_NUMBER })),
  username: Type.Optional(ref(Username)),
  email: Type.Optional(ref(Email)),
  name: Type.Optional(ref(DisplayName)),
  locale: Type.Optional(ref(Locale)),
  roles: Type.Optional(Type.Array(ref(RoleName), { maxItems: 8, uniqueItems: true })),
})

interface Fitting {
  id?: string
  number?: number
  username?: string
  email?: string
  name?: string
  locale?: string
  roles?: Role[]
}

export interface Judge {
  judge(row: Row): Promise<Candidate | Rejected>
  /** members that no row's translation has asked for */
  unread: ReadonlySet<string>
}

/** Names of members are the file's own text; more than these are not worth a report. */
const MAX_UNREAD = 50

/**
 * Makes the judge of one file's rows.
 * @param isTooDear whether a hash takes longer to check than the service may be asked for
 */
export function createJudge(
  system: System,
  options: ReadingOptions,
  isTooDear: (hash: string) => Promise<boolean>,
): Judge {
  const faultsOf = compileShape(Values, { allErrors: true })
  const unread = new Set<string>()

  async function judge({ line, members, fault }: Row): Promise<Candidate | Rejected> {
    if (!members) return { line, reasons: [fault ?? 'cannot be read'] }
    const row = membersOf(members)
    const draft = translate(system, row, options)
    if (draft instanceof Unfit) return { line, reasons: [draft.message] }
    for (const name of row.unread()) if (unread.size < MAX_UNREAD) unread.add(name.slice(0, 64))

    const { id, number, username, email, name, locale, roles } = draft
    const values = withoutUndefined({ id, number, username, email, name, locale, roles })
    const identity = { line, username: shown(username), email: shown(email) }
    const reasons = faultsOf(values).map(({ pointer, message }) => `${pointer.slice(1).replace(/\/.*/, '')} ${message}`)
    if (username === undefined && email === undefined) reasons.push('has neither a user name nor an e-mail address')
    if (reasons.length > 0) return { ...identity, reasons: [...new Set(reasons)] }
    const dear = draft.password_hash !== undefined && (await isTooDear(draft.password_hash))
    return toCandidate(line, values as Fitting, draft, { now: options.now, dear })
  }
  return { judge, unread }
}

function translate(system: System, row: Members, options: ReadingOptions): Draft | Unfit {
  try {
    return system.translate(row, options)
  } catch (error) {
    if (error instanceof Unfit) return error
    throw error
  }
}

function toCandidate(
  line: number,
  values: Fitting,
  draft: Draft,
  { now, dear }: { now: number; dear: boolean },
): Candidate {
  const { id, number, username, email, name, locale, roles = ['user'] } = values
  const username_key = username === undefined ? null : foldIdentifier(username)
  const email_key = email === undefined ? null : foldIdentifier(email)
  const created_at = draft.created_at ?? now
  const notes = [...(draft.notes ?? [])]
  const isVerified = draft.email_verified ?? draft.email_verified_at !== undefined
  if (isVerified && email === undefined) notes.push('has no e-mail address that could be verified')
  const hash = draft.password_hash
  const format = hash === undefined || dear ? undefined : judgeHash(hash)
  if (hash === undefined) notes.push('has no password')
  else if (dear) notes.push('gets no password: its hash takes too long to check on this machine')
  else if (!format) notes.push('gets no password: its hash is in no format that is read')
  return {
    line,
    uid: id?.toLowerCase() ?? deriveUid(username_key, email_key, draft.created_at),
    number,
    username,
    username_key,
    email,
    email_key,
    email_verified_at: isVerified && email !== undefined ? (draft.email_verified_at ?? now) : null,
    name: name || null,
    locale: locale === undefined ? null : (canonicalLocale(locale) ?? null),
    roles,
    disabled_at: draft.disabled_at ?? (draft.disabled ? now : null),
    created_at,
    updated_at: draft.updated_at ?? created_at,
    password: hash !== undefined && format ? { hash, ...format } : undefined,
    notes,
  }
}

/**
 * An id for who brings none: the same for the same identifiers, so that a second import of the file knows the account
 * again whatever it is called by then. With the time of registration in front it is a UUIDv7 like any other, and ids in
 * the order of the file are quickly indexed; without one it is a UUIDv8 (RFC 9562, sections 5.7 and 5.8).
 */
function deriveUid(username_key: string | null, email_key: string | null, created_at: number | undefined): string {
  const bytes = createHash('sha256')
    .update(`latchkey import\0${username_key ?? ''}\0${email_key ?? ''}`)
    .digest()
    .subarray(0, 16)
  if (created_at !== undefined) bytes.writeUIntBE(created_at, 0, 6)
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | (created_at === undefined ? 0x80 : 0x70), 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

/** What is kept of a name that is none, in characters. */
const MAX_SHOWN = 254

/** Enough of what a line calls its user to find it again. */
function shown(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined
  // a copy: a slice would keep the whole of a long text in memory
  return value.length <= MAX_SHOWN ? value : Buffer.from(value.slice(0, MAX_SHOWN)).toString()
}

function withoutUndefined(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}
