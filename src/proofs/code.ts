/**
 * Codes that people type: six digits, so few that they could be searched. So only a keyed digest is stored, and tries are
 * counted before a code is looked at. A code belongs to an address and to whoever asked for it, so that strangers who ask
 * for others or try some spend nobody's tries but their own. Rows are there whether or not anybody has the address.
 */
import { createHmac, type KeyObject, randomInt, timingSafeEqual } from 'node:crypto'
import { sql } from 'kysely'
import { sweep } from '../db/sweep.ts'
import type { Tx } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'
import { networkOf } from '../passwords/network.ts'

/** So often a code may be tried by who has the token of its request, before it is void. */
const TRIES = 5

/** So often without: from the network that the code was asked from, and from all others together. */
const LOOSE_TRIES = 3

/** So many codes of an address live at once. As many as rate limits allow in an hour, so that these decide. */
const MOST = 10

type Needs = Pick<Deps, 'keys' | 'now'>

/** Who asks for a code, or tries one. */
export interface CodeHolder {
  /** the mailbox, folded as such: an identifier may be of two */
  address: string
  /** the digest of the request token; undefined for who has none */
  request: string | undefined
  /** where from */
  ip: string | undefined
}

/**
 * Makes a code; those that others asked for stay good.
 * @param ttl in ms
 * @returns six digits
 */
export async function issueCode(
  tx: Tx,
  { keys, now }: Needs,
  { address: typed, request, ip }: CodeHolder & { request: string },
  ttl: number,
): Promise<string> {
  const code = String(randomInt(1_000_000)).padStart(6, '0')
  const [key] = keys.codeKeys
  const address = nameOf(key, typed)
  const made = { digest: digestOf(key, typed, code), expires_at: now() + ttl }
  await sweep(tx, 'sign_in_codes', 'address', now())
  await sweep(tx, 'requested_codes', 'request', now())
  // before the others, so that whoever has this row at hand is alone with all codes of the address
  await tx
    .insertInto('sign_in_codes')
    .values({ address, tries: 0, ...made })
    .onConflict((conflict) =>
      conflict.column('address').doUpdateSet({
        ...made,
        tries: sql<number>`case when sign_in_codes.expires_at > ${now()} then sign_in_codes.tries else 0 end`,
      }),
    )
    .execute()
  await makeRoom(tx, address)
  const network = networkNameOf(key, typed, ip)
  await tx
    .insertInto('requested_codes')
    .values({ request, address, network, tries: 0, loose_tries: 0, ...made })
    .execute()
  return code
}

async function makeRoom(tx: Tx, address: string): Promise<void> {
  const ofAddress = tx.selectFrom('requested_codes').where('address', '=', address)
  const staying = ofAddress
    .select('request')
    .orderBy('expires_at', 'desc')
    .limit(sql.lit(MOST - 1))
  await tx.deleteFrom('requested_codes').where('address', '=', address).where('request', 'not in', staying).execute()
}

/**
 * Counts one try, and says whether the code is right for who tries it; outside a transaction, since a wrong try has to stay.
 * With the request token it is held against the code that was asked for by it. Without, from a network that asked, against
 * what that network asked for; and from elsewhere against all codes of the address. While `JWT_KEY` is changed, codes of both
 * keys are good, each counted for itself.
 */
export async function tryCode(deps: Needs & Pick<Deps, 'db'>, holder: CodeHolder, code: string): Promise<boolean> {
  let isRight = false
  for (const key of deps.keys.codeKeys) {
    const digest = Buffer.from(digestOf(key, holder.address, code))
    const tried = await countTry(deps, key, holder)
    if (tried.some((each) => timingSafeEqual(Buffer.from(each), digest))) isRight = true
  }
  return isRight
}

/** @returns the digests that the try is held against; as many questions in every case */
async function countTry(
  { db, now }: Pick<Deps, 'db' | 'now'>,
  key: KeyObject,
  holder: CodeHolder,
): Promise<readonly string[]> {
  const address = nameOf(key, holder.address)
  const network = networkNameOf(key, holder.address, holder.ip)
  const living = await db
    .selectFrom('requested_codes')
    .select(['request', 'network', 'digest', 'tries'])
    .where('address', '=', address)
    .where('expires_at', '>', now())
    .execute()
  const requested = db.updateTable('requested_codes').where('address', '=', address).where('tries', '<', TRIES)
  if (living.some(({ request }) => request === holder.request)) {
    const own = await requested
      .set((eb) => ({ tries: eb('tries', '+', 1) }))
      .where('request', '=', holder.request ?? '')
      .returning('digest')
      .execute()
    return own.map(({ digest }) => digest)
  }
  if (living.some((each) => each.network === network)) {
    const near = await requested
      .set((eb) => ({ loose_tries: eb('loose_tries', '+', 1) }))
      .where('network', '=', network)
      .where('loose_tries', '<', LOOSE_TRIES)
      .where('expires_at', '>', now())
      .returning('digest')
      .execute()
    return near.map(({ digest }) => digest)
  }
  const newest = await db
    .updateTable('sign_in_codes')
    .set((eb) => ({ tries: eb('tries', '+', 1) }))
    .where('address', '=', address)
    .where('tries', '<', LOOSE_TRIES)
    .where('expires_at', '>', now())
    .returning('digest')
    .executeTakeFirst()
  if (!newest) return []
  // the newest may be one that a node of an older version has made, and is no other then
  const made = living.some(({ digest }) => digest === newest.digest) ? [] : [newest.digest]
  return [...made, ...living.filter(({ tries }) => tries < TRIES).map(({ digest }) => digest)]
}

/**
 * Uses the right code up; the others of the address are void. Whoever is told that it was not the right one has to undo the
 * transaction.
 * @param address folded
 * @returns whether nobody else has
 */
export async function redeemCode(
  tx: Tx,
  { keys }: Pick<Deps, 'keys'>,
  address: string,
  code: string,
): Promise<boolean> {
  const voided = await voidCode(tx, { keys }, address)
  return keys.codeKeys.some((key) => voided.includes(digestOf(key, address, code)))
}

/**
 * Makes the codes of an address void.
 * @returns their digests; none where somebody else has
 */
export async function voidCode(tx: Tx, { keys }: Pick<Deps, 'keys'>, typed: string): Promise<readonly string[]> {
  const digests: string[] = []
  for (const key of keys.codeKeys) digests.push(...(await voidNamed(tx, nameOf(key, typed))))
  return digests
}

async function voidNamed(tx: Tx, address: string): Promise<readonly string[]> {
  const newest = await tx
    .deleteFrom('sign_in_codes')
    .where('address', '=', address)
    .returning('digest')
    .executeTakeFirst()
  const others = await tx.deleteFrom('requested_codes').where('address', '=', address).returning('digest').execute()
  // a node of an older version removes the first row alone
  return newest ? [newest.digest, ...others.map(({ digest }) => digest)] : []
}

/** What an address is called here: nobody without the key can tell who was sent a code. */
const nameOf = (key: KeyObject, address: string) => macOf(key, `address\0${address}`)

const networkNameOf = (key: KeyObject, address: string, ip: string | undefined) =>
  macOf(key, `network\0${address}\0${ip === undefined ? '' : networkOf(ip)}`)

const digestOf = (key: KeyObject, address: string, code: string) => macOf(key, `code\0${address}\0${code}`)

const macOf = (key: KeyObject, text: string) => createHmac('sha256', key).update(text).digest('base64url')
