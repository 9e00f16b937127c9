/**
 * Codes that people type: six digits, so few that they could be searched. So only a keyed digest is stored, and tries are
 * counted before a code is looked at. A row is there whether or not anybody has the address.
 */
import { createHmac, type KeyObject, randomInt, timingSafeEqual } from 'node:crypto'
import { sweep } from '../db/sweep.ts'
import type { Tx } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'

/** So often any code may be tried before it is void. */
const TRIES = 5

type Needs = Pick<Deps, 'keys' | 'now'>

/**
 * Makes the code for an address; an older one is void.
 * @param address folded
 * @param ttl in ms
 * @returns six digits
 */
export async function issueCode(tx: Tx, { keys, now }: Needs, address: string, ttl: number): Promise<string> {
  const code = String(randomInt(1_000_000)).padStart(6, '0')
  await sweep(tx, 'sign_in_codes', 'address', now())
  const row = { digest: digestOf(keys.codeKey, address, code), tries: 0, expires_at: now() + ttl }
  await tx
    .insertInto('sign_in_codes')
    .values({ address: nameOf(keys.codeKey, address), ...row })
    .onConflict((conflict) => conflict.column('address').doUpdateSet(row))
    .execute()
  return code
}

/** Counts one try, and says whether the code is the right one; outside a transaction, since a wrong try has to stay. */
export async function tryCode(
  { db, keys, now }: Needs & Pick<Deps, 'db'>,
  address: string,
  code: string,
): Promise<boolean> {
  const digest = digestOf(keys.codeKey, address, code)
  const row = await db
    .updateTable('sign_in_codes')
    .set((eb) => ({ tries: eb('tries', '+', 1) }))
    .where('address', '=', nameOf(keys.codeKey, address))
    .where('tries', '<', TRIES)
    .where('expires_at', '>', now())
    .returning('digest')
    .executeTakeFirst()
  return row !== undefined && timingSafeEqual(Buffer.from(row.digest), Buffer.from(digest))
}

/** Uses the right code up. @returns whether nobody else has, and no newer one has come */
export async function redeemCode(
  tx: Tx,
  { keys }: Pick<Deps, 'keys'>,
  address: string,
  code: string,
): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('sign_in_codes')
    .where('address', '=', nameOf(keys.codeKey, address))
    .where('digest', '=', digestOf(keys.codeKey, address, code))
    .executeTakeFirst()
  return numDeletedRows > 0n
}

/** Makes the code for an address void. */
export async function voidCode(tx: Tx, { keys }: Pick<Deps, 'keys'>, address: string): Promise<void> {
  await tx.deleteFrom('sign_in_codes').where('address', '=', nameOf(keys.codeKey, address)).execute()
}

/** What an address is called here: nobody without the key can tell who was sent a code. */
function nameOf(key: KeyObject, address: string): string {
  return createHmac('sha256', key).update(`address\0${address}`).digest('base64url')
}

function digestOf(key: KeyObject, address: string, code: string): string {
  return createHmac('sha256', key).update(`code\0${address}\0${code}`).digest('base64url')
}
