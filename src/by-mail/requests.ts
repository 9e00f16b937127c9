/**
 * Requests for mail by strangers. They only note what is wanted; whether anybody has that address is looked up later, at
 * moments that have nothing to do with the request, so that neither its answer nor its time tells.
 */
import { sql } from 'kysely'
import { foldIdentifier } from '../accounts/identifiers.ts'
import type { Origin } from '../audit/actor.ts'
import { isDatabaseUnavailable, skippingHeld } from '../db/dialect.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'
import { findOwnerOnDevice } from '../devices/device.ts'
import { digestOfRequest, makeRequestToken } from '../proofs/request-token.ts'
import { isTooMany } from './shares.ts'

/** An account that is to be, with the hash of its password. */
export interface WantedAccount {
  email: string
  username: string
  name?: string
  locale?: string
  hash: string
  /** that the address has been sent enough: it waits for another link */
  silent?: boolean
}

/** What somebody wants to be sent, and to which address. */
export type Wanted =
  | { kind: 'email-verify' | 'password-reset' | 'sign-in-code' | 'sign-in-link'; email: string }
  | ({ kind: 'registration' } & WantedAccount)

/** Who asked. */
export interface Asker {
  /** where from */
  origin: Origin
  /** the digest of the token that they were given */
  request: string
  /** the uid of the account whose device it was; undefined for strangers */
  owner: string | undefined
}

/** Others are of newer versions, whose nodes see to them. */
const KINDS = [
  'email-verify',
  'password-reset',
  'registration',
  'sign-in-code',
  'sign-in-link',
] as const satisfies readonly Wanted['kind'][]

/** Does what was asked for, in the transaction that removes the request. */
export type Grant = (tx: Tx, wanted: Wanted, asker: Asker) => Promise<void>

export interface MailRequests {
  /**
   * Notes a request; one too many for the same address in an hour is dropped, and nobody is told (shares.ts). A registration
   * is not dropped, only no message sent for it.
   * @throws Failure challenge_required, rate_limited: strangers have had as many messages sent as they may, of all addresses
   * @returns the request token, which is kept nowhere
   */
  note(wanted: Wanted, origin: Origin): Promise<string>
  /** Grants what this process has noted since; where nothing was, it does nothing. */
  settleNoted(): Promise<void>
  /** Grants whatever has been noted, also by a process that is gone. */
  settle(): Promise<void>
}

type Needs = Pick<Deps, 'config' | 'db' | 'ephemeral' | 'keys' | 'log' | 'now' | 'purse'>

/** Makes the list of requests, which is a table, and thus that of all processes. */
export function createMailRequests(deps: Needs, grant: Grant): MailRequests {
  let noted = 0

  async function settle(): Promise<void> {
    while (await settleOne(deps, grant));
  }

  return {
    async note(wanted, origin) {
      const token = makeRequestToken()
      const owner = await findOwnerOnDevice(deps.db, deps, foldIdentifier(wanted.email), origin)
      const isSilent = await isTooMany(deps, wanted, owner === undefined ? { ip: origin.ip } : { owner: 'device' })
      // a registration waits in any case, so that nobody's swallows another person's
      if (isSilent && wanted.kind !== 'registration') return token
      if (!isSilent) await deps.purse.pay(origin.proof_of_work)
      const request = digestOfRequest(token)
      await insertRequest(deps, isSilent ? { ...wanted, silent: true } : wanted, { origin, request, owner })
      noted += 1
      return token
    },
    async settleNoted() {
      if (noted === 0) return
      const before = noted
      await settle()
      noted -= before
    },
    settle,
  }
}

async function insertRequest(
  { db, now }: Needs,
  { kind, ...wanted }: Wanted & { silent?: boolean },
  { origin: { ip, user_agent, request_id }, request, owner }: Asker,
): Promise<void> {
  await db
    .insertInto('mail_requests')
    .values({
      kind,
      wanted: JSON.stringify(wanted),
      origin: JSON.stringify({ ip, user_agent: user_agent?.slice(0, 256), request_id }),
      request,
      asked_by: owner ?? null,
      created_at: now(),
    })
    .execute()
}

/** Grants the oldest request. @returns whether there was one */
async function settleOne({ db, log }: Needs, grant: Grant): Promise<boolean> {
  let failed: number | undefined
  try {
    return await inTransaction(db, async (tx) => {
      const row = await takeOldest(tx)
      if (!row) return false
      failed = row.id
      // a node of an older version has given no token
      const request = row.request ?? digestOfRequest(makeRequestToken())
      const asker = { origin: JSON.parse(row.origin), request, owner: row.asked_by ?? undefined }
      await grant(tx, { kind: row.kind, ...JSON.parse(row.wanted) }, asker)
      return true
    })
  } catch (error) {
    if (failed === undefined || isDatabaseUnavailable(error)) throw error
    // it would be in the way of all others for ever
    log.error({ error: (error as Error).message }, 'a request for mail could not be granted and is dropped')
    await db.deleteFrom('mail_requests').where('id', '=', failed).execute()
    return true
  }
}

function takeOldest(tx: Tx) {
  const oldest = tx.selectFrom('mail_requests').select('id').where('kind', 'in', KINDS).orderBy('id').limit(sql.lit(1))
  return tx.deleteFrom('mail_requests').where('id', '=', skippingHeld(tx, oldest)).returningAll().executeTakeFirst()
}
