/** Sends what waits in the outbox: after the commit that wrote it, or when somebody looks. */
import { createHmac } from 'node:crypto'
import { setTimeout as after } from 'node:timers/promises'
import { SYSTEM } from '../audit/actor.ts'
import { recordEvent } from '../audit/record.ts'
import type { OutboxRow } from '../db/schema.ts'
import { inTransaction } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'
import { type Carrier, CONNECTIONS, type Outgoing } from './carrier.ts'
import type { MessageData, Template } from './messages.ts'
import { claimMessage, contextOf, PATIENCE, postponeMessage, readBacklog, removeMessage } from './outbox.ts'
import { type Refusal, refusalOf } from './refusal.ts'
import { renderMessage } from './render.ts'

/** One attempt takes at most this long, in ms. */
const ATTEMPT = 60_000

/** A message belongs to whoever took it for this long, in ms: beyond the end of every attempt. */
export const LEASE = 90_000

/** How often the outbox is looked at for what other processes left, in ms. */
const LOOK = 5000

/** After a failure a message waits this long, in ms, and twice as long after each further one, up to the second. */
const FIRST_PAUSE = 15_000
const LONGEST_PAUSE = 3_600_000

/** A server that is away is left alone for this long, in ms. */
const TROUBLE = 5000

/** Messages that are being sent when the service stops have this long, in ms. */
const FAREWELL = 5000

export interface Sender {
  /** Sends what has just been committed. */
  wake(): void
  /** From now on, looks for what others left. */
  watch(): void
  /** Lets what is being sent finish, and sends nothing more. */
  close(): Promise<void>
}

type Needs = Pick<Deps, 'audit' | 'config' | 'counts' | 'db' | 'elapsed' | 'log' | 'mailer' | 'now'>

/**
 * @param openCarrier called when the first message leaves
 * @param attempt how long one attempt may take, in ms; no longer than by default, or the lease would end before
 */
export function createSender(deps: Needs, openCarrier: () => Promise<Carrier>, attempt = ATTEMPT): Sender {
  const { counts, db, elapsed, log, now } = deps
  const stopping = new AbortController()
  const lines = new Set<Promise<void>>()
  let carrier: Promise<Carrier> | undefined
  let isMissed = false
  let isClosed = false
  let troubleUntil = Number.NEGATIVE_INFINITY
  let timer: NodeJS.Timeout | undefined

  /** One more line sends until nothing is due; what comes while all are busy is seen by the next that is free. */
  function wake(): void {
    if (isClosed || elapsed() < troubleUntil) return
    if (lines.size >= CONNECTIONS) isMissed = true
    else {
      const line = sendAll().finally(() => {
        lines.delete(line)
        if (!isMissed) return
        isMissed = false
        wake()
      })
      lines.add(line)
    }
  }

  async function sendAll(): Promise<void> {
    try {
      while (!isClosed && elapsed() >= troubleUntil) {
        const row = await claimMessage(db, now(), LEASE)
        if (!row) return
        await sendOne(row)
      }
    } catch (error) {
      troubleUntil = elapsed() + TROUBLE
      log.error({ err: error }, 'the outbox cannot be worked on')
    }
  }

  async function sendOne(row: OutboxRow): Promise<void> {
    const message = await compose(deps, row)
    if (typeof message === 'string') return abandon(row, message)
    try {
      carrier ??= openCarrier().catch((error: unknown) => {
        carrier = undefined
        throw error
      })
      const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(attempt)])
      await (await carrier).send(message, signal)
    } catch (error) {
      return fail(row, refusalOf(error))
    }
    counts.mail.sent += 1
    await forget(row)
  }

  /** Until the row is gone the message would be sent once more, so a database that is busy is asked again. */
  async function forget(row: OutboxRow): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await removeMessage(db, row)
      } catch (error) {
        if (tries === 10 || isClosed) throw error
        await after(100 * tries)
      }
    }
  }

  async function fail(row: OutboxRow, refusal: Refusal): Promise<void> {
    const { id, template, attempts, created_at } = row
    log.warn({ message: id, template, attempts, ...refusal }, 'a message could not be sent')
    if (refusal.kind === 'trouble') troubleUntil = elapsed() + TROUBLE
    if (refusal.kind === 'final') await abandon(row, 'refused', refusal.status)
    else if (now() - created_at >= PATIENCE) await abandon(row, 'undeliverable', refusal.status)
    else await postponeMessage(db, row, now(), isClosed ? now() : now() + pauseAfter(attempts))
    counts.mail.failed += 1
  }

  async function abandon(row: OutboxRow, failure: string, status?: number): Promise<void> {
    const { uid, template, attempts } = row
    const details = { template, attempts, ...(status !== undefined && { status }) }
    await inTransaction(db, async (tx) => {
      await removeMessage(tx, row)
      await recordEvent(tx, deps, {
        action: 'mail.abandon',
        actor: SYSTEM,
        subject: uid ?? undefined,
        failure,
        details,
      })
    })
    counts.mail.abandoned += 1
  }

  async function look(): Promise<void> {
    try {
      const { waiting, oldest, next } = await readBacklog(db)
      Object.assign(counts.outbox, { waiting, oldest })
      if (next !== undefined && next <= now())
        for (let line = 0; line < Math.min(waiting, CONNECTIONS); line += 1) wake()
    } catch (error) {
      log.error({ err: error }, 'the outbox cannot be read')
    }
    if (!isClosed) timer = setTimeout(() => void look(), LOOK).unref()
  }

  return {
    wake,
    watch: () => void look(),
    async close() {
      isClosed = true
      clearTimeout(timer)
      const farewell = setTimeout(() => stopping.abort(), FAREWELL)
      await Promise.all(lines)
      clearTimeout(farewell)
      await carrier?.then(
        (open) => open.close(),
        () => {},
      )
    },
  }
}

/** In ms, with some chance: what failed at once is not tried again at once. */
function pauseAfter(attempts: number): number {
  const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** Math.min(attempts - 1, 20))
  return Math.round(pause * (1 + Math.random() / 4))
}

/** The message of a row, or why there is none to be sent any more. */
async function compose(deps: Needs, row: OutboxRow): Promise<Outgoing | 'expired' | 'unreadable'> {
  const { id, recipient, template, locale } = row
  try {
    const data: MessageData[Template] = JSON.parse(deps.mailer.unseal(row.data, contextOf(row)))
    if ('expires_at' in data && data.expires_at <= deps.now()) return 'expired'
    const rendered = await renderMessage(deps, template as Template, data, locale)
    const messageId = messageIdOf(deps, row)
    return { ...rendered, to: recipient, messageId, file: `${template}-${id}-${messageId.slice(1, 9)}` }
  } catch (error) {
    deps.log.error({ err: error, template }, 'a message cannot be put into words')
    return 'unreadable'
  }
}

/** The same at each attempt; nobody can tell from it how many messages there were. */
function messageIdOf({ config }: Needs, { id, created_at, data }: OutboxRow): string {
  const name = createHmac('sha256', data).update(`${id}\0${created_at}`).digest('base64url').slice(0, 32)
  return `<${name}@${config.mail_from.address.split('@').at(-1)}>`
}
