/**
 * Whose request for a message counts against whose. Nobody's mailbox is to be filled, whether anybody has it or not; and no
 * stranger uses up what its owner may ask for.
 */
import { createHash } from 'node:crypto'
import { foldIdentifier } from '../accounts/identifiers.ts'
import type { Deps } from '../deps.ts'
import { networksOf } from '../passwords/network.ts'
import { callerAt } from '../throttling/limiter.ts'
import type { Wanted } from './requests.ts'

const HOUR = 3_600_000

/** So many messages of a kind an hour an address is sent for all strangers together. */
const OF_STRANGERS = 5

/** So many of these one of them may ask for: an IPv4 address, or an IPv6 network of 48 bits. */
const OF_ONE = 3

/** And so many of all kinds together. */
const OF_ONE_OF_ALL_KINDS = 5

/** So many of a kind who is known to own the address may ask for beside them. */
const OF_OWNER = 5

/** So many accounts together may want an address to be theirs. */
const OF_WISHES = 10

/** Who asks: `owner` is what they are known by, such as the account that they are signed in to; or an address. */
export type Asking = { owner: string } | { ip: string | undefined }

interface Message {
  kind: Wanted['kind'] | 'email-change'
  email: string
}

type Needs = Pick<Deps, 'config' | 'ephemeral'>

/** Whether an address has been sent enough of a kind at the request of who asks. */
export async function isTooMany(deps: Needs, message: Message, who: Asking): Promise<boolean> {
  if (deps.config.rate_limit === 'off') return false
  return 'owner' in who ? isTooManyOfOwner(deps, message, who.owner) : isTooManyOfStranger(deps, message, who.ip)
}

async function isTooManyOfOwner(deps: Needs, { kind, email }: Message, owner: string): Promise<boolean> {
  const name = nameOf(email)
  if (await isOver(deps, `${kind}:${name}:owner ${owner}`, OF_OWNER)) return true
  // whoever is signed in may want an address that is not theirs
  return kind === 'email-change' && isOver(deps, `${kind}:${name}`, OF_WISHES)
}

/** What one may not ask for is not counted for the others. */
async function isTooManyOfStranger(deps: Needs, { kind, email }: Message, ip: string | undefined): Promise<boolean> {
  const name = nameOf(email)
  const site = networksOf(callerAt(ip)).at(-1)
  if (await isOver(deps, `${kind}:${name}:from ${site}`, OF_ONE)) return true
  if (await isOver(deps, `${name}:from ${site}`, OF_ONE_OF_ALL_KINDS)) return true
  return isOver(deps, `${kind}:${name}`, OF_STRANGERS)
}

async function isOver({ ephemeral }: Needs, key: string, most: number): Promise<boolean> {
  return (await ephemeral.count(`mail:${key}`, HOUR)).count > most
}

/** A digest: what people type is not for others to read. */
const nameOf = (email: string) => createHash('sha256').update(foldIdentifier(email)).digest('base64url')
