/** How passwords may be tried: docs/security.md says what these numbers mean to who guesses. */
import { waitAfter } from '../ephemeral/tries.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND

/** Five at will, then 1 s, 2 s, 4 s … 15 min; one is forgotten in 15 min, so that at the longest wait none is gained. */
const OF_ONE_PASSWORD = { free: 5, first: SECOND, longest: 15 * MINUTE, memory: 15 * MINUTE }

/** Twenty at will for one address, then 1 s, 2 s … 1 min; a wider network has so many times as much. */
function ofNetwork(share: number) {
  return { free: 20 * share, first: SECOND, longest: MINUTE / share, memory: MINUTE / share }
}

/** What is counted, and how it is spaced out. */
export const SPACINGS = {
  /** an identifier as it was typed, whether anybody has it or not */
  name: OF_ONE_PASSWORD,
  /** an account on a device that is known to it */
  device: OF_ONE_PASSWORD,
  /** the account of a session that asks for the password once more */
  session: OF_ONE_PASSWORD,
  /** an address, behind which there may be many people: 1 a minute at the least */
  address: ofNetwork(1),
  /** an IPv6 network of 56 bits, which is what a home gets */
  network: ofNetwork(2),
  /** an IPv6 network of 48 bits, which one site may have */
  site: ofNetwork(4),
}
export type TriedKind = keyof typeof SPACINGS

/** From this wait on, the owner is told that strangers are kept waiting, in ms. */
const LONG_WAIT = MINUTE

/** Whether so many tries were made that the next one has to wait for long. */
export const isLocked = (tries: number): boolean => waitAfter(tries, SPACINGS.name) >= LONG_WAIT
