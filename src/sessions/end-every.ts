/** Ending the sessions of everybody, while the service works. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Actor } from '../audit/actor.ts'
import type { Db } from '../db/open.ts'
import { inTransaction } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'
import { type EndingNeeds, endAllOf } from './end.ts'

/** The sessions of so many accounts end in one transaction, for which others wait for some milliseconds. */
const BATCH = 100

/**
 * Ends every session of every account, account by account, on every node. Those that begin meanwhile end as well if it is
 * not past their account. A run that was broken off has ended what it came to; another one ends the rest.
 * @param actor who ends them
 */
export async function endEverySession(
  deps: EndingNeeds & Pick<Deps, 'counts' | 'db'>,
  actor: Actor,
): Promise<{ sessions: number; accounts: number }> {
  const total = { sessions: 0, accounts: 0 }
  for (let last = 0; ; ) {
    const owners = await findOwners(deps.db, last)
    const end = owners.at(-1)
    if (!end) return total
    last = end.id
    const ended = await inTransaction(deps.db, async (tx) => {
      let sessions = 0
      for (const owner of owners) sessions += await endAllOf(tx, deps, owner, 'revoked_by_operator', actor)
      return sessions
    })
    deps.counts.ended.revoked_by_operator += ended
    total.sessions += ended
    total.accounts += owners.length
    await nextTurn()
  }
}

/** The next accounts that have sessions which were not ended. */
function findOwners(db: Db, after: number) {
  return db
    .selectFrom('users')
    .select(['id', 'uid'])
    .where('id', '>', after)
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom('sessions')
          .select('sessions.id')
          .whereRef('sessions.user_id', '=', 'users.id')
          .where('sessions.revoked_at', 'is', null),
      ),
    )
    .orderBy('id')
    .limit(BATCH)
    .execute()
}
