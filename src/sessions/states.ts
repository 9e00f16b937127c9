/** What this node knows of sessions: who is behind a `sid`, or that nobody is any more. */
import { type Account, type AccountRow, roleList, toAccount } from '../accounts/account.ts'
import { compiled } from '../db/compiled.ts'
import type { SessionRow } from '../db/schema.ts'
import type { Tx } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'
import { BoundedMap } from '../tokens/bounded-map.ts'

/** A living session and its owner. */
export interface SessionState {
  session_id: string
  account: Account
  /** when its owner last proved who they are, in epoch ms */
  authenticated_at: number
  /** when it was read, in ms of `elapsed()` */
  read_at: number
}

/**
 * A remembered state is read again after this long, in ms. All that the service changes is heard of; this is for what
 * somebody changes past it, in the database.
 */
export const STATE_MAX_AGE = 300_000

/** What was known when all news was last heard is believed for this long, in ms, while nobody can be asked. */
export const HEARSAY_MAX_AGE = 10_000

/** Whether the last proof of who is behind a session is older than sensitive calls allow. */
export function isProofOld(
  { config, now }: Pick<Deps, 'config' | 'now'>,
  { authenticated_at }: Pick<SessionState, 'authenticated_at'>,
): boolean {
  return now() - authenticated_at > config.step_up_age
}

const CHANNEL = 'sessions'

export interface SessionStates {
  /** The state, if this node has it and it is young; who asks has made sure that all news was heard. */
  recall(sessionId: string): SessionState | undefined
  /**
   * The state that counted when all news was last heard, if that was not long ago: for a node that can ask nobody.
   * @param heardAt ms of `elapsed()`
   */
  recallAsOf(sessionId: string, heardAt: number): SessionState | undefined
  /** The state as the database has it; undefined for a session that is over. */
  read(sessionId: string): Promise<SessionState | undefined>
  /** Makes every node forget one session when the transaction is committed. */
  forgetSession(tx: Tx, sessionId: string): Promise<void>
  /** Makes every node forget all sessions of an account, with what it remembers of that, when the transaction is committed. */
  forgetUser(tx: Tx, userId: number): Promise<void>
  size(): number
}

type Needs = Pick<Deps, 'config' | 'db' | 'elapsed' | 'ephemeral'>

/** What is remembered, with the number of the last change that came before it was read. */
interface Remembered {
  state: SessionState
  asOf: number
}

/** Makes the memory and subscribes it to the news. */
export function createSessionStates({ config, db, elapsed, ephemeral }: Needs): SessionStates {
  const states = new BoundedMap<string, Remembered>(2 * config.session_cache)
  const changed = createChangedUsers(elapsed, config.session_cache)
  let changes = 0

  function forget(about: string): void {
    changes += 1
    if (!about.startsWith('user:')) {
      states.delete(about)
      return
    }
    if (!changed.note(Number(about.slice('user:'.length)), changes)) states.clear()
  }

  function find(sessionId: string): SessionState | undefined {
    const remembered = states.get(sessionId)
    if (!remembered || remembered.asOf < changed.last(remembered.state.account.id)) return undefined
    return remembered.state
  }

  ephemeral.subscribe(CHANNEL, {
    hear: forget,
    lose() {
      changes += 1
      states.clear()
    },
  })

  return {
    recall(sessionId) {
      const state = find(sessionId)
      return state && elapsed() - state.read_at < STATE_MAX_AGE ? state : undefined
    },

    recallAsOf(sessionId, heardAt) {
      if (elapsed() - heardAt >= HEARSAY_MAX_AGE) return undefined
      const state = find(sessionId)
      return state && heardAt - state.read_at < STATE_MAX_AGE ? state : undefined
    },

    async read(sessionId) {
      const changesBefore = changes
      const state = await readState(db, sessionId, elapsed())
      // news that came while we read may have been about this session, and what we read may be older
      if (state && changes === changesBefore) states.set(sessionId, { state, asOf: changes })
      else states.delete(sessionId)
      return state
    },

    forgetSession: (tx, sessionId) => ephemeral.publish(tx, CHANNEL, sessionId),
    forgetUser: (tx, userId) => ephemeral.publish(tx, CHANNEL, `user:${userId}`),
    size: () => states.size,
  }
}

/** No older state is asked for, the time without news included; changes are kept for longer than that, in ms. */
const CHANGE_KEPT = STATE_MAX_AGE + 2 * HEARSAY_MAX_AGE

/**
 * The last change of each account, by number. To look for its sessions instead would mean looking at all, at each change
 * of anybody's profile.
 * @param limit of how many accounts
 */
function createChangedUsers(elapsed: () => number, limit: number) {
  let recent = new Map<number, number>()
  let older = new Map<number, number>()
  let since = elapsed()
  return {
    /** @returns false when there were too many to keep: then no state of before counts */
    note(userId: number, change: number): boolean {
      const isFull = recent.size >= limit
      if (isFull || elapsed() - since >= CHANGE_KEPT) {
        older = isFull ? new Map() : recent
        recent = new Map()
        since = elapsed()
      }
      recent.set(userId, change)
      return !isFull
    },
    /** 0 where none is known */
    last: (userId: number): number => recent.get(userId) ?? older.get(userId) ?? 0,
  }
}

/** The look-up of every first request of a session. */
const selectState = compiled<{ session_id: string }, AccountRow & Pick<SessionRow, 'authenticated_at'>>((db, stand) =>
  db
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .selectAll('users')
    .select(roleList)
    .select('sessions.authenticated_at')
    .where('sessions.id', '=', stand('session_id'))
    .where('sessions.revoked_at', 'is', null)
    .where('users.disabled_at', 'is', null),
)

async function readState(db: Deps['db'], session_id: string, read_at: number): Promise<SessionState | undefined> {
  const [row] = await selectState(db, { session_id })
  if (!row) return undefined
  const { authenticated_at, ...account } = row
  return { session_id, account: toAccount(account), authenticated_at, read_at }
}
