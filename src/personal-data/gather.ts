/** What a person may ask for: everything that is held about them (GDPR, articles 15 and 20). */
import { getAccount, toUser } from '../accounts/account.ts'
import type { Actor } from '../audit/actor.ts'
import { recordEvent } from '../audit/record.ts'
import type { Db } from '../db/open.ts'
import type { Deps } from '../deps.ts'
import { readInSteps } from '../pages.ts'
import { readDevices, readEvents, readMessages, readProofs, readSessions } from './held.ts'
import type { PersonalData } from './schema.ts'

type List = 'sessions' | 'devices' | 'messages' | 'proofs' | 'events'
type Head = Omit<PersonalData, List>

/**
 * Gathers what is held about whoever asks; that they asked is part of it. There may be very much, of which little is in memory
 * at a time: it is read when it is asked for.
 * @returns the JSON of a `PersonalData`, in pieces
 * @throws Failure user_not_found, before there is a piece
 */
export async function gatherPersonalData(
  deps: Pick<Deps, 'audit' | 'db' | 'now'>,
  actor: Actor,
): Promise<AsyncGenerator<string>> {
  const { db, now } = deps
  const account = await getAccount(db, actor.uid ?? '')
  await recordEvent(db, deps, { action: 'account.export', actor, subject: account.uid })
  const password = await findPassword(db, account.id)
  const head = {
    exported_at: new Date(now()).toISOString(),
    account: toUser(account),
    number: account.id,
    ...(password && { password }),
  }
  return writeAll(head, {
    sessions: readInSteps((after) => readSessions(db, account.id, after)),
    devices: readInSteps((after) => readDevices(db, account.id, after)),
    messages: readInSteps((after) => readMessages(db, account.uid, after)),
    proofs: readInSteps((after) => readProofs(db, account.id, after)),
    events: readInSteps((after) => readEvents(db, account.uid, after)),
  })
}

async function findPassword(db: Db, userId: number): Promise<PersonalData['password']> {
  const row = await db.selectFrom('passwords').selectAll().where('user_id', '=', userId).executeTakeFirst()
  return (
    row && {
      changed_at: new Date(row.updated_at).toISOString(),
      hashed_as: row.weak_format ?? /[a-z\d-]+/i.exec(row.hash)?.[0] ?? '',
    }
  )
}

async function* writeAll(head: Head, lists: { [L in List]: AsyncIterable<PersonalData[L]> }): AsyncGenerator<string> {
  yield JSON.stringify(head).slice(0, -1)
  for (const [name, steps] of Object.entries<AsyncIterable<readonly object[]>>(lists)) {
    yield `,"${name}":[`
    let separator = ''
    for await (const items of steps) {
      yield separator + items.map((item) => JSON.stringify(item)).join()
      separator = ','
    }
    yield ']'
  }
  yield '}'
}
