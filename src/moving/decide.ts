/** What becomes of each user of a batch, given who was there before. Pure: the same for a dry run and for a real one. */
import type { Candidate, Rejected } from './candidate.ts'
import { keysOf } from './claims.ts'

/** An account that is there already, by what it could be in the way of a new one. */
export interface Taken {
  id: number
  uid: string
  username_key: string | null
  email_key: string | null
}

export type Outcome = 'new' | 'present' | 'conflict' | 'duplicate' | 'rejected'

export interface Decision {
  outcome: Outcome
  user: Candidate | Rejected
  reasons: readonly string[]
  notes: readonly string[]
}

/** A decision to make an account, under its own number if that is free. */
export interface Addition extends Decision {
  outcome: 'new'
  user: Candidate
  number: number | undefined
}

interface Known {
  accounts: readonly Taken[]
  /** the line that claimed a key earlier in the file */
  claims: ReadonlyMap<string, number>
  /** numbers up to here were given out before this import began, and may have been deleted people's */
  highest_id: number
}

interface Decided {
  decisions: readonly (Decision | Addition)[]
  /** what these users claim from now on */
  claims: readonly { key: string; line: number }[]
}

/** Decides about the users of a batch in their order: each stands in the way of those after it. */
export function decideBatch(users: readonly (Candidate | Rejected)[], known: Known): Decided {
  const accounts = indexAccounts(known.accounts)
  const claimed = new Map(known.claims)
  const claims: { key: string; line: number }[] = []
  const decisions = users.map((user) => {
    if ('reasons' in user) return { outcome: 'rejected', user, reasons: user.reasons, notes: [] } as const
    const decision = decide(user, accounts, claimed, known.highest_id)
    if (decision.outcome === 'new' || decision.outcome === 'present') {
      for (const key of Object.values(keysOf(user))) {
        if (claimed.has(key)) continue
        claimed.set(key, user.line)
        claims.push({ key, line: user.line })
      }
    }
    return decision
  })
  return { decisions, claims }
}

type Accounts = ReturnType<typeof indexAccounts>

function indexAccounts(accounts: readonly Taken[]) {
  return {
    byUid: new Map(accounts.map((account) => [account.uid, account])),
    byUsername: new Map(accounts.map((account) => [account.username_key, account])),
    byEmail: new Map(accounts.map((account) => [account.email_key, account])),
    ids: new Set(accounts.map(({ id }) => id)),
  }
}

const WORDS = { uid: 'id', username: 'user name', email: 'e-mail address' } as const

function decide(
  user: Candidate,
  accounts: Accounts,
  claimed: ReadonlyMap<string, number>,
  highestId: number,
): Decision | Addition {
  const { uid, username_key, email_key, notes } = user
  const keys = keysOf(user)
  const shared = (members: readonly (keyof typeof WORDS)[]) =>
    members.flatMap((member) => {
      const key = keys[member]
      const line = key === undefined ? undefined : claimed.get(key)
      return line === undefined ? [] : [`line ${line} has the same ${WORDS[member]}`]
    })
  const names = shared(['username', 'email'])
  // who has no id in the file has one that is made of the names, and would look for it in vain
  const twice = names.length > 0 ? names : shared(['uid'])
  if (twice.length > 0) return { outcome: 'duplicate', user, reasons: twice, notes }

  const itself = accounts.byUid.get(uid)
  const byUsername = username_key === null ? undefined : accounts.byUsername.get(username_key)
  const byEmail = email_key === null ? undefined : accounts.byEmail.get(email_key)
  const isSame = (other: Taken | undefined) => other?.username_key === username_key && other.email_key === email_key
  if (itself) {
    const renamed = isSame(itself) ? [] : ['the account goes by other names now']
    return { outcome: 'present', user, reasons: [], notes: [...notes, ...renamed] }
  }
  if (isSame(byUsername ?? byEmail)) return { outcome: 'present', user, reasons: [], notes }
  const reasons = [
    ...(byUsername ? ['the user name is taken by another account'] : []),
    ...(byEmail ? ['the e-mail address is taken by another account'] : []),
  ]
  if (reasons.length > 0) return { outcome: 'conflict', user, reasons, notes }
  return add(user, keys.number !== undefined && claimed.has(keys.number), accounts, highestId)
}

/** The old number is kept unless somebody has it or may have had it: numbers are never used twice. */
function add(user: Candidate, isClaimed: boolean, { ids }: Accounts, highestId: number): Addition {
  const { number, notes } = user
  const isFree = number !== undefined && number > highestId && !ids.has(number) && !isClaimed
  const renumbered = number === undefined || isFree ? [] : [`gets a new number: ${number} is not free`]
  return {
    outcome: 'new',
    user,
    number: isFree ? number : undefined,
    reasons: [],
    notes: [...notes, ...renumbered],
  }
}
