/** Taking users out, in the general form. */
import { toAccount } from '../accounts/account.ts'
import { listWithHashes } from '../accounts/many.ts'
import type { Deps } from '../deps.ts'

/** Accounts in one read. */
const PAGE = 500

/**
 * Every account as one line of JSON, in the order of the numbers.
 * @param withHashes whether the password hashes come with it
 */
export async function* exportUsers({ db }: Pick<Deps, 'db'>, withHashes: boolean): AsyncGenerator<string> {
  let last = 0
  for (;;) {
    const rows = await listWithHashes(db, last, PAGE)
    for (const { hash, ...row } of rows) {
      yield `${JSON.stringify(toGeneral(toAccount(row), withHashes ? hash : null))}\n`
      last = row.id
    }
    if (rows.length < PAGE) return
  }
}

/** What the general form calls it; absent is none. */
function toGeneral(account: ReturnType<typeof toAccount>, hash: string | null) {
  const { id, uid, username, email, email_verified_at, name, locale } = account
  const { roles, disabled_at, created_at, updated_at } = account
  const time = (value: number | null) => (value === null ? undefined : new Date(value).toISOString())
  return {
    number: id,
    id: uid,
    username: username ?? undefined,
    email: email ?? undefined,
    email_verified_at: time(email_verified_at),
    name: name ?? undefined,
    locale: locale ?? undefined,
    roles,
    disabled_at: time(disabled_at),
    created_at: time(created_at),
    updated_at: time(updated_at),
    password_hash: hash ?? undefined,
  }
}
