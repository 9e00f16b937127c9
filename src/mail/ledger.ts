/**
 * Who has paid for which message: a row for each of the last hour, so that budgets are exact over all nodes. A message that
 * is too many is withheld before its link is made.
 */
import { foldIdentifier } from '../accounts/identifiers.ts'
import { SYSTEM } from '../audit/actor.ts'
import { recordEvent } from '../audit/record.ts'
import { takeTurnAt } from '../db/dialect.ts'
import { sweep } from '../db/sweep.ts'
import { afterCommit, inTransaction, type Tx } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'
import { Failure } from '../errors.ts'
import { BUDGET_NAMES, type Budget } from '../throttling/budgets.ts'
import type { Payer, Template } from './messages.ts'

export type LedgerNeeds = Pick<Deps, 'audit' | 'config' | 'mailer' | 'now'>

/** What is about to be sent. */
export interface Charge {
  address: string
  isProved: boolean
  payer: Payer
  template: Template
  /** whose message it is */
  uid: string | null
}

/** Of the notices to an address, one kind has no more than this share: others must not keep it from being heard. */
const SHARE_OF_A_KIND = 4

/**
 * Has a message paid for, alone with this address and this account until the transaction ends.
 * @returns the budget that is used up; undefined where the message may leave
 */
export async function payForMail(tx: Tx, deps: LedgerNeeds, charge: Charge): Promise<Budget | undefined> {
  if (deps.config.rate_limit === 'off') return undefined
  const address = addressOf(deps, charge.address)
  const account = accountOf(charge.payer)
  if (account !== null && !isOwn(charge) && (await hasEnoughRecipients(tx, deps, account, address))) {
    await withhold(tx, deps, charge, account, 'mail_recipients')
    return 'mail_recipients'
  }
  const exhausted = await exhaustedAt(tx, deps, charge, address)
  if (exhausted === undefined) await note(tx, deps, charge, address, 0)
  // a notice is told later
  else if (exhausted === 'mail_notices') afterCommit(tx, () => deps.mailer.withheld(exhausted))
  else await withhold(tx, deps, charge, address, exhausted)
  return exhausted
}

/**
 * Looks whether an account may write to one more address, before anything is done for it.
 * @throws Failure rate_limited
 */
export async function requireRecipient(
  deps: LedgerNeeds & Pick<Deps, 'db'>,
  { account, email, template }: { account: string; email: string; template: Template },
): Promise<void> {
  if (deps.config.rate_limit === 'off') return
  const charge = { payer: { purse: 'members', account }, template, uid: account } as const
  const isRefused = await inTransaction(deps.db, async (tx) => {
    if (!(await hasEnoughRecipients(tx, deps, account, addressOf(deps, email)))) return false
    await withhold(tx, deps, charge, account, 'mail_recipients')
    return true
  })
  if (isRefused) throw tooManyRecipients(deps)
}

/** What who has written to enough addresses is answered. */
export function tooManyRecipients(deps: Pick<Deps, 'config'>): Failure {
  return new Failure('rate_limited', { retryAfter: Math.ceil(limitOf(deps, 'mail_recipients').window / 1000) })
}

const limitOf = ({ config }: Pick<Deps, 'config'>, budget: Budget) => config.rate_limits[budget]

const addressOf = ({ mailer }: LedgerNeeds, address: string) => mailer.nameOf(foldIdentifier(address))

const accountOf = (payer: Payer) => (payer.purse === 'members' ? (payer.account ?? null) : null)

/** Whether an account writes to the address that it has proved: nobody else is written to, and nobody else uses that up. */
function isOwn({ isProved, payer, uid }: Charge): boolean {
  return isProved && uid !== null && accountOf(payer) === uid
}

/** Whether an account has asked for messages to enough other addresses; whether they were sent is not for it to learn. */
async function hasEnoughRecipients(tx: Tx, deps: LedgerNeeds, account: string, address: string): Promise<boolean> {
  const { most, window } = limitOf(deps, 'mail_recipients')
  await takeTurnAt(tx, account)
  const { others } = await tx
    .selectFrom('mail_ledger')
    .select(({ fn }) => fn.count<number>('address').distinct().as('others'))
    .where('asked_by', '=', account)
    .where('at', '>', deps.now() - window)
    // its refusals are noted under its own name
    .where('address', 'not in', [address, account])
    .executeTakeFirstOrThrow()
  return others >= most
}

/** The budget of an address that is used up, if one is. */
async function exhaustedAt(tx: Tx, deps: LedgerNeeds, charge: Charge, address: string): Promise<Budget | undefined> {
  const { isProved, payer, template } = charge
  const { purse } = payer
  await takeTurnAt(tx, address)
  const budget = `mail_${purse}` as const
  const { most, window } = limitOf(deps, budget)
  const unproved = limitOf(deps, 'mail_unproved')
  const sent = await tx
    .selectFrom('mail_ledger')
    .select(({ fn, eb }) => {
      const ofPayer = isOwn(charge) ? [eb('asked_by', '=', accountOf(payer))] : []
      const ofPurse = eb.and([eb('purse', '=', purse), eb('at', '>', deps.now() - window), ...ofPayer])
      return [
        fn.countAll<number>().filterWhere(ofPurse).as('purse'),
        fn
          .countAll<number>()
          .filterWhere(eb.and([ofPurse, eb('template', '=', template)]))
          .as('kind'),
        fn
          .countAll<number>()
          .filterWhere('at', '>', deps.now() - unproved.window)
          .as('all'),
      ]
    })
    .where('address', '=', address)
    .where('withheld', '=', 0)
    .executeTakeFirstOrThrow()
  if (!isProved && sent.all >= unproved.most) return 'mail_unproved'
  const mostOfKind = purse === 'notices' ? Math.ceil(most / SHARE_OF_A_KIND) : most
  return sent.purse >= most || sent.kind >= mostOfKind ? budget : undefined
}

/**
 * Counts what is not sent, and records the first in a window: there may be many.
 * @param about the name of the address or of the account that has had enough
 */
async function withhold(
  tx: Tx,
  deps: LedgerNeeds,
  charge: Pick<Charge, 'payer' | 'template' | 'uid'>,
  about: string,
  budget: Budget,
): Promise<void> {
  afterCommit(tx, () => deps.mailer.withheld(budget))
  const { payer, template, uid } = charge
  const account = accountOf(payer)
  const known = await tx
    .selectFrom('mail_ledger')
    .select('id')
    .where('address', '=', about)
    .where('withheld', '=', 1)
    .where('purse', '=', payer.purse)
    .where('asked_by', account === null ? 'is' : '=', account)
    .where('at', '>', deps.now() - limitOf(deps, budget).window)
    .executeTakeFirst()
  if (known) return
  await note(tx, deps, charge, about, 1)
  const actor = { ...SYSTEM, uid: account ?? SYSTEM.uid }
  const event = { action: 'mail.withhold', actor, subject: uid ?? undefined, failure: budget } as const
  await recordEvent(tx, deps, { ...event, details: { template } })
}

async function note(
  tx: Tx,
  deps: LedgerNeeds,
  { payer, template }: Pick<Charge, 'payer' | 'template'>,
  address: string,
  withheld: 0 | 1,
): Promise<void> {
  const at = deps.now()
  const longest = Math.max(...BUDGET_NAMES.map((name) => limitOf(deps, name).window))
  await sweep(tx, 'mail_ledger', 'id', at)
  await tx
    .insertInto('mail_ledger')
    .values({
      address,
      purse: payer.purse,
      template,
      asked_by: accountOf(payer),
      withheld,
      at,
      expires_at: at + longest,
    })
    .execute()
}
