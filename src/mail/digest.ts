/** Notices that were too many to be sent one by one: they are gathered in one message, which waits for more. */
import type { Tx } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'
import type { Gathered, Issued, Message, MessageData, Notice } from './messages.ts'
import { contextOf, insertMessage } from './outbox.ts'

/** So long after the first notice in it a digest is sent, in ms. */
export const DIGEST_AFTER = 3_600_000

const TEMPLATE = 'security-digest'

type Digest = MessageData[typeof TEMPLATE]

/** Adds a notice to the digest that waits for an account at this address, or begins one. */
export async function gatherNotice<T extends Notice>(
  tx: Tx,
  deps: Pick<Deps, 'mailer' | 'now'>,
  { to: { address, name }, uid, locale, template, facts, issue }: Message<T>,
): Promise<void> {
  // of the links, one is the only way to get an account back; the others are spared their tokens
  const undo = template === 'email-changed' ? ((await issue()) as Issued['email-changed']) : undefined
  const act = { ip: undefined, user_agent: undefined, ...(facts as Gathered['last']) }
  const last = { at: act.at, ip: act.ip, user_agent: act.user_agent }
  const waiting = await findWaiting(tx, deps, address, uid)
  const gathered = addTo(waiting?.digest.gathered ?? [], template, last)
  const digest: Digest = { name, gathered, undo: undo ?? waiting?.digest.undo }
  if (waiting && (await replaceDigest(tx, deps, waiting.id, address, digest))) return
  const due_at = deps.now() + DIGEST_AFTER
  await insertMessage(tx, deps, { recipient: address, uid, locale, template: TEMPLATE, data: digest, due_at })
}

function addTo(gathered: readonly Gathered[], kind: Notice, last: Gathered['last']): readonly Gathered[] {
  const known = gathered.find((each) => each.kind === kind)
  const others = gathered.filter((each) => each !== known)
  return [...others, { kind, count: (known?.count ?? 0) + 1, first: known?.first ?? last.at, last }]
}

/** The digest of an account that nobody has begun to send. */
async function findWaiting(
  tx: Tx,
  { mailer }: Pick<Deps, 'mailer'>,
  recipient: string,
  uid: string | null,
): Promise<{ id: number; digest: Digest } | undefined> {
  const row = await tx
    .selectFrom('outbox')
    .select(['id', 'data'])
    .where('recipient', '=', recipient)
    .where('template', '=', TEMPLATE)
    .where('uid', uid === null ? 'is' : '=', uid)
    .where('attempts', '=', 0)
    .executeTakeFirst()
  if (!row) return undefined
  try {
    return { id: row.id, digest: JSON.parse(mailer.unseal(row.data, contextOf({ template: TEMPLATE, recipient }))) }
  } catch {
    // sealed under another key: it cannot be read any more, and will be given up
    return undefined
  }
}

/** @returns whether it still waited */
async function replaceDigest(
  tx: Tx,
  { mailer }: Pick<Deps, 'mailer'>,
  id: number,
  recipient: string,
  digest: Digest,
): Promise<boolean> {
  const data = mailer.seal(JSON.stringify(digest), contextOf({ template: TEMPLATE, recipient }))
  const { numUpdatedRows } = await tx
    .updateTable('outbox')
    .set({ data })
    .where('id', '=', id)
    .where('attempts', '=', 0)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}
