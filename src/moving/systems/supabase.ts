import type { Members } from '../members.ts'
import type { System } from '../system.ts'

/** Supabase's table `auth.users`, as CSV or JSON. */
export const supabase: System = {
  name: 'supabase',
  title: 'Supabase',
  containers: ['csv', 'json-lines', 'json-list'],
  recognises: (has) => has('encrypted_password'),
  translate(row, { now }) {
    // one that has run out bans nobody any more
    const bannedUntil = row.time('banned_until') ?? 0
    return {
      id: row.get('id'),
      email: row.get('email') || undefined,
      email_verified_at: row.time('email_confirmed_at'),
      name: readName(row),
      disabled: bannedUntil > now,
      disabled_at: row.time('deleted_at'),
      created_at: row.time('created_at'),
      updated_at: row.time('updated_at'),
      password_hash: row.text('encrypted_password') || undefined,
    }
  },
}

/** What sign-ups with the usual providers call the person; in CSV it is JSON in a cell. */
function readName(row: Members): unknown {
  const metadata = row.get('raw_user_meta_data')
  const value = typeof metadata === 'string' ? parse(metadata) : metadata
  const { full_name, name } = Object(value) as Record<string, unknown>
  return full_name ?? name ?? undefined
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json) ?? {}
  } catch {
    return {}
  }
}
