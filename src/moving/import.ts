/** Bringing users in, batch by batch; a dry run decides in the same way and writes nothing. */
import { skeletonOf } from '../accounts/look-alike.ts'
import { findTaken, insertAccounts } from '../accounts/many.ts'
import { OPERATOR } from '../audit/actor.ts'
import { recordEvent } from '../audit/record.ts'
import { highestId, keepOut } from '../db/dialect.ts'
import type { Db } from '../db/open.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'
import { DEAREST_CHECK } from '../passwords/floor.ts'
import { openCryptThread } from '../passwords/formats/crypt/thread.ts'
import { createCosts, isSmall, workOf } from '../passwords/formats/work.ts'
import { insertHashes } from '../passwords/many.ts'
import { grantRoles } from '../roles/grants.ts'
import { type Candidate, createJudge, type Judge, type Rejected } from './candidate.ts'
import { type Claims, keysOf, openClaims } from './claims.ts'
import type { Row } from './containers/row.ts'
import { Unreadable } from './containers/source.ts'
import { type Addition, type Decision, decideBatch } from './decide.ts'
import { addToSummary, newSummary, type Summary } from './summary.ts'
import type { ReadingOptions, System } from './system.ts'

/** So many rows are one transaction: a running service waits for the database for some ten milliseconds. */
const BATCH = 512

export interface Import {
  system: System
  rows: AsyncIterable<Row>
  options: Omit<ReadingOptions, 'now'>
  /** whether accounts are written */
  apply: boolean
  /** hears of every batch, in the order of the file, once it is written */
  onBatch(decisions: readonly Decision[]): void
}

/**
 * Decides about every row and, where `apply` says so, writes the accounts. Accounts that are there stay as they are,
 * so that an import that was cut short is completed by running it again.
 * @returns what became of the rows; `broken` if the file could not be read to its end
 */
export async function importUsers(deps: Pick<Deps, 'audit' | 'db' | 'now'>, plan: Import): Promise<Summary> {
  const { db, now } = deps
  const scales = openScales()
  const { judge, unread } = createJudge(plan.system, { ...plan.options, now: now() }, scales.isTooDear)
  const highest_id = await highestId(db, 'users')
  const summary = newSummary(unread)
  const claims = await openClaims()
  try {
    for await (const users of inBatches(plan.rows, judge, summary)) {
      const decisions = await settle({ ...deps, claims }, users, highest_id, plan)
      for (const decision of decisions) addToSummary(summary, decision)
      plan.onBatch(decisions)
    }
    return summary
  } finally {
    await claims.close()
    await scales.close()
  }
}

/** Tells which hashes take too long to check. By the processor's time: others on the machine make no hash dearer. */
function openScales() {
  const thread = openCryptThread()
  const costs = createCosts(thread.crypt, () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1000
  })
  return {
    close: thread.close,
    async isTooDear(hash: string): Promise<boolean> {
      const work = workOf(hash)
      return work !== undefined && !isSmall(work) && (await costs.costOf(hash)) > DEAREST_CHECK
    },
  }
}

type Users = readonly (Candidate | Rejected)[]

/** Judged users in batches; what came before the place where the file breaks off is one too. */
async function* inBatches(rows: AsyncIterable<Row>, judge: Judge['judge'], summary: Summary): AsyncGenerator<Users> {
  let batch: (Candidate | Rejected)[] = []
  try {
    for await (const row of rows) {
      batch.push(await judge(row))
      if (batch.length < BATCH) continue
      yield batch
      batch = []
    }
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error
    summary.broken = error
  }
  if (batch.length > 0) yield batch
}

/** Decides about one batch and writes it, both in one transaction, so that nobody takes a name in between. */
async function settle(
  deps: Pick<Deps, 'audit' | 'db' | 'now'> & { claims: Claims },
  users: Users,
  highest_id: number,
  { apply, system }: Import,
): Promise<readonly Decision[]> {
  const { db, claims } = deps
  const candidates = users.filter((user) => 'uid' in user)
  const claimed = await claims.find(candidates.flatMap((user) => Object.values(keysOf(user))))
  const decide = async (tx: Db | Tx) =>
    decideBatch(users, { accounts: await findInTheWay(tx, candidates), claims: claimed, highest_id })
  const decided = apply
    ? await inTransaction(db, async (tx) => {
        await keepOut(tx, ['users'])
        const outcome = await decide(tx)
        const additions = outcome.decisions.filter(isAddition)
        await write(tx, additions, deps.now())
        const details = { from: system.name, accounts: additions.length }
        if (additions.length > 0) await recordEvent(tx, deps, { action: 'accounts.import', actor: OPERATOR, details })
        return outcome
      })
    : await decide(db)
  await claims.add(decided.claims)
  return decided.decisions
}

function isAddition(decision: Decision): decision is Addition {
  return decision.outcome === 'new'
}

function findInTheWay(db: Db | Tx, users: readonly Candidate[]) {
  const given = <T>(values: readonly (T | null | undefined)[]) => values.filter((value) => value != null)
  return findTaken(db, {
    id: given(users.map(({ number }) => number)),
    uid: users.map(({ uid }) => uid),
    username_key: given(users.map(({ username_key }) => username_key)),
    email_key: given(users.map(({ email_key }) => email_key)),
  })
}

async function write(tx: Tx, additions: readonly Addition[], now: number): Promise<void> {
  const numbers = await insertAccounts(
    tx,
    additions.map((addition) => ({ ...toUserRow(addition), imported_at: now })),
  )
  const written = additions.map(({ user }) => ({ user, user_id: numbers.get(user.uid) as number }))
  const hashes = written.flatMap(({ user: { password }, user_id }) =>
    password
      ? [{ user_id, hash: password.hash, updated_at: now, weak_format: password.weak ? password.format : null }]
      : [],
  )
  await insertHashes(tx, hashes)
  await grantRoles(
    tx,
    written.map(({ user, user_id }) => ({ user_id, roles: user.roles })),
  )
}

function toUserRow({ number, user }: Addition) {
  const { uid, username = null, username_key, email = null, email_key, name, locale } = user
  const { email_verified_at, disabled_at, created_at, updated_at } = user
  return {
    ...(number !== undefined && { id: number }),
    uid,
    username,
    username_key,
    username_skeleton: username === null ? null : skeletonOf(username),
    email,
    email_key,
    email_verified_at,
    name,
    locale,
    disabled_at,
    created_at,
    updated_at,
  }
}
