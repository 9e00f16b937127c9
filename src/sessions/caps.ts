/** How many sessions an account has at the most, and which of them goes when another begins. */
import { sql } from 'kysely'
import type { Account } from '../accounts/account.ts'
import type { Origin } from '../audit/actor.ts'
import { compiled } from '../db/compiled.ts'
import type { SessionRow } from '../db/schema.ts'
import { afterCommit, type Tx } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'
import { revokeSession } from './end.ts'

type Kind = SessionRow['kind']

/** So many sessions of these kinds, counted together. Those of no kind are of 0.1.0, or of a node that still is. */
interface Cap {
  kinds: readonly Kind[]
  most: number
}

/** Every kind is in one of these. */
export const CAPS = {
  /** what people sign in to themselves */
  interactive: { kinds: ['tokens', 'browser', null], most: 100 },
  /** what the clients of other services begin, which end with their tokens */
  dialect: { kinds: ['dialect'], most: 20 },
} as const satisfies Record<string, Cap>

/** At most so many are ended for one that begins: there are more only where they began before there was a cap. */
const STEP = 20

/** Of so many sessions the idlest are looked for: of more than there can be, since the cap is. */
const LOOK = 1000

type Living = { user_id: number; now: number; used_after: number }

/** Builds the question which sessions are too many when another begins: all but those that were used last. */
const selectSurplus = ({ kinds, most }: Cap) =>
  compiled<Living, { id: string }>((db, stand) =>
    db
      .selectFrom((eb) =>
        eb
          .selectFrom('sessions')
          .select(['id', 'last_used_at'])
          .where('user_id', '=', stand('user_id'))
          .where('revoked_at', 'is', null)
          .where('expires_at', '>', stand('now'))
          .where('last_used_at', '>', stand('used_after'))
          .where(({ eb, or }) =>
            or(kinds.map((kind) => (kind === null ? eb('kind', 'is', null) : eb('kind', '=', sql.lit(kind))))),
          )
          .orderBy('id')
          .limit(sql.lit(LOOK))
          .as('living'),
      )
      .select('id')
      .orderBy('last_used_at', 'desc')
      .orderBy('id', 'desc')
      .limit(sql.lit(STEP))
      .offset(sql.lit(most - 1)),
  )

const questions = Object.values<Cap>(CAPS).map((cap) => ({ kinds: cap.kinds, find: selectSurplus(cap) }))

/**
 * Makes room for a session that is about to begin: where the account has as many of its kind as it may have, the idlest
 * ends, on every node. The caller's transaction holds on to the account, so that of several at once each sees the one before.
 * @param origin where the new one comes from
 */
export async function makeRoom(
  tx: Tx,
  deps: Pick<Deps, 'audit' | 'config' | 'counts' | 'now' | 'states'>,
  { id: user_id, uid }: Pick<Account, 'id' | 'uid'>,
  kind: Kind,
  origin: Origin,
): Promise<void> {
  const now = deps.now()
  const used_after = now - deps.config.session_idle_ttl
  const surplus = await questions.find(({ kinds }) => kinds.includes(kind))?.find(tx, { user_id, now, used_after })
  for (const { id } of surplus ?? []) {
    const isEnded = await revokeSession(tx, deps, id, 'session_limit', { uid, origin })
    if (isEnded)
      afterCommit(tx, () => {
        deps.counts.ended.session_limit += 1
      })
  }
}
