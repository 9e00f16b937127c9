/** What a system is that users come from: how its files are told from others, and what its members mean here. */
import type { Members } from './members.ts'

/** How rows are kept in a file. */
export type Container = 'sqlite' | 'csv' | 'json-lines' | 'json-list'

/** What a file does not say of itself. */
export interface ReadingOptions {
  /** the time of the import, in epoch ms */
  now: number
  /** the project's "password hash parameters" */
  firebase?: { base64_signer_key: string; base64_salt_separator: string; rounds: number; mem_cost: number }
  /** for hashes with their salt in a member of its own */
  digest?: {
    name: 'sha1' | 'sha256' | 'sha512'
    order: 'salt-password' | 'password-salt'
    saltEncoding: BufferEncoding
  }
}

/** A user in our terms, not judged yet. */
export interface Draft {
  id?: unknown
  /** the number by which the old system knew the user */
  number?: unknown
  username?: unknown
  email?: unknown
  email_verified?: boolean | undefined
  /** times in epoch ms */
  email_verified_at?: number | undefined
  name?: unknown
  locale?: unknown
  roles?: unknown
  disabled?: boolean | undefined
  disabled_at?: number | undefined
  created_at?: number | undefined
  updated_at?: number | undefined
  password_hash?: string | undefined
  /** what the report is to say about this user beyond that */
  notes?: string[]
}

export interface System {
  /** what `--from` calls it */
  name: string
  /** what people call it */
  title: string
  /** the kinds of files in which its users come */
  containers: readonly Container[]
  /** Whether rows with these members can only be this system's. */
  recognises(has: (member: string) => boolean): boolean
  /** @throws Unfit when a member is of a wrong type */
  translate(row: Members, options: ReadingOptions): Draft
}
