/** Devices that an account has been signed in from: they are known again by a token that they keep. */
import { createHash } from 'node:crypto'
import type { Origin } from '../audit/actor.ts'
import type { Db } from '../db/open.ts'
import type { KnownDeviceRow } from '../db/schema.ts'
import type { Tx } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'
import { networkOf } from '../passwords/network.ts'
import { digestOfDevice, digestsOfDevice, makeDeviceToken } from './token.ts'

const DAY = 86_400_000

/** A device that nobody signs in from for so long is no longer known, in ms. */
export const DEVICE_TTL = 180 * DAY

/** So many devices of one account are known at the most. */
export const MOST_DEVICES = 20

/** What a sign-in meant for the devices of an account. */
export interface Arrival {
  /** for the device to keep; undefined where it has one */
  token: string | undefined
  /** by which the device is stored */
  digest: string
  /** the network and program that it came with */
  likeness: string
  /** whether the account was signed in before, and neither this device nor one like it was among those */
  isNew: boolean
  /** whether the account was never signed in before */
  isFirst: boolean
}

type Needs = Pick<Deps, 'keys' | 'now'>

/** The digest of the device that asks, if the account is known to be used on it. */
export async function findDevice(
  db: Db,
  { keys, now }: Needs,
  userId: number | undefined,
  { device }: Origin,
): Promise<string | undefined> {
  const digests = digestsOfDevice(keys.deviceKeys, device)
  if (digests.length === 0) return undefined
  const row = await db
    .selectFrom('known_devices')
    .select('digest')
    // no id is 0: asked in any case, so that an unknown account takes as long
    .where('user_id', '=', userId ?? 0)
    .where('digest', 'in', digests)
    .where('expires_at', '>', now())
    .executeTakeFirst()
  return row?.digest
}

/**
 * The account that goes by an address, if it is known to be used on the device that asks. It looks for the device and not
 * for the address, so that who has no such device is told nothing by the time that it takes.
 * @param address folded
 * @returns its uid
 */
export async function findOwnerOnDevice(
  db: Db,
  { keys, now }: Needs,
  address: string,
  { device }: Pick<Origin, 'device'>,
): Promise<string | undefined> {
  const digests = digestsOfDevice(keys.deviceKeys, device)
  if (digests.length === 0) return undefined
  const owners = await db
    .selectFrom('known_devices')
    .innerJoin('users', 'users.id', 'known_devices.user_id')
    .select(['users.uid', 'users.email_key'])
    .where('known_devices.digest', 'in', digests)
    .where('known_devices.expires_at', '>', now())
    .execute()
  return owners.find(({ email_key }) => email_key === address)?.uid
}

/**
 * Makes the device known that an account has just been signed in from, in the transaction of its session. What other accounts
 * know of the device stays as it is: whoever signs in may have its token from them. A client that keeps no token is known by
 * its network and program as far as messages go.
 */
export async function welcomeDevice(tx: Tx, deps: Needs, userId: number, origin: Origin): Promise<Arrival> {
  const at = deps.now()
  const likeness = likenessOf(userId, origin)
  const recognised = await recognise(tx, userId, digestsOfDevice(deps.keys.deviceKeys, origin.device), at)
  if (recognised !== undefined)
    return { ...(await renew(tx, deps, userId, recognised, origin)), likeness, isNew: false, isFirst: false }
  const known = await tx.selectFrom('known_devices').selectAll().where('user_id', '=', userId).execute()
  const token = makeDeviceToken(deps.keys.deviceKeys[0])
  const digest = digestOfDevice(deps.keys.deviceKeys, token) as string
  await makeRoom(tx, known, likeness, at)
  await tx
    .insertInto('known_devices')
    .values({ user_id: userId, digest, likeness, created_at: at, used_at: at, expires_at: at + DEVICE_TTL })
    .execute()
  const isFamiliar = known.some((device) => device.expires_at > at && device.likeness === likeness)
  return { token, digest, likeness, isNew: known.length > 0 && !isFamiliar, isFirst: known.length === 0 }
}

/** A token of a key that is about to be given up is replaced, so that its device goes on being known. */
async function renew(
  tx: Tx,
  { keys }: Needs,
  userId: number,
  recognised: string,
  { device }: Origin,
): Promise<Pick<Arrival, 'token' | 'digest'>> {
  const [key] = keys.deviceKeys
  if (digestsOfDevice([key], device).includes(recognised)) return { token: undefined, digest: recognised }
  const token = makeDeviceToken(key)
  const digest = digestOfDevice([key], token) as string
  const known = tx.updateTable('known_devices').where('user_id', '=', userId).where('digest', '=', recognised)
  await known.set({ digest }).execute()
  return { token, digest }
}

/** @returns by which of these the account knows the device */
async function recognise(tx: Tx, userId: number, digests: readonly string[], at: number): Promise<string | undefined> {
  if (digests.length === 0) return undefined
  const row = await tx
    .updateTable('known_devices')
    .set({ used_at: at, expires_at: at + DEVICE_TTL })
    .where('user_id', '=', userId)
    .where('digest', 'in', digests)
    .where('expires_at', '>', at)
    .returning('digest')
    .executeTakeFirst()
  return row?.digest
}

/** Who has come back with their token goes last, so that a program without memory pushes out none of these. */
async function makeRoom(tx: Tx, known: readonly KnownDeviceRow[], likeness: string, at: number): Promise<void> {
  const cameBack = ({ used_at, created_at }: KnownDeviceRow) => Number(used_at > created_at)
  const staying = known
    .filter((device) => device.expires_at > at && (device.likeness !== likeness || cameBack(device)))
    .toSorted((a, b) => cameBack(b) - cameBack(a) || b.used_at - a.used_at)
    .slice(0, MOST_DEVICES - 1)
  const leaving = known.filter((device) => !staying.includes(device)).map(({ digest }) => digest)
  const [one] = known
  if (!one || leaving.length === 0) return
  await tx.deleteFrom('known_devices').where('user_id', '=', one.user_id).where('digest', 'in', leaving).execute()
}

/**
 * Makes an account forget its devices: they are strangers, and told of when they come again. The rows stay until the next
 * sign-in, as a sign that there was one.
 * @param except the one that goes on being known
 */
export async function forgetDevices(
  tx: Tx,
  { keys, now }: Needs,
  userId: number,
  except?: Pick<Origin, 'device'>,
): Promise<void> {
  const kept = digestsOfDevice(keys.deviceKeys, except?.device)
  await tx
    .updateTable('known_devices')
    .set({ expires_at: now() })
    .where('user_id', '=', userId)
    .where('expires_at', '>', now())
    .$if(kept.length > 0, (query) => query.where('digest', 'not in', kept))
    .execute()
}

/**
 * Makes an account forget one device, and those that first came like it: a program that keeps no token is another device
 * each time.
 */
export async function forgetDevice(
  tx: Tx,
  { now }: Pick<Deps, 'now'>,
  userId: number,
  { digest, likeness }: Pick<Arrival, 'digest' | 'likeness'>,
): Promise<void> {
  await tx
    .updateTable('known_devices')
    .set({ expires_at: now() })
    .where('user_id', '=', userId)
    .where((eb) => eb.or([eb('digest', '=', digest), eb('likeness', '=', likeness)]))
    .execute()
}

/** Network and program of a client; a digest, since it is only ever compared. */
function likenessOf(userId: number, { ip, user_agent }: Origin): string {
  const network = ip === undefined ? '' : networkOf(ip)
  return createHash('sha256')
    .update(`${userId}\0${network}\0${user_agent ?? ''}`)
    .digest('base64url')
}
