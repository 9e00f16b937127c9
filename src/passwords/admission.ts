/** Which passwords are hashed next, and which are not: a bounded line, fair between sites, addresses and accounts. */
import { createDurations, type Durations, observe } from '../counts.ts'
import { Failure } from '../errors.ts'
import { createQueue, createRound } from './fair-line.ts'
import { networkOf, siteOf } from './network.ts'

/** Who wants a password hashed: nothing is hashed without. Whose address is not known share one. */
export interface Claimant {
  ip: string | undefined
  /** whatever tells accounts apart */
  account: string
  /** aborted when nobody waits for the answer any more */
  signal?: AbortSignal | undefined
}

/**
 * Why a hash was not made. `full`: too many waited. `displaced`: it made room for somebody who had fewer waiting.
 * `late`: it waited for too long. `gone`: the client had left.
 */
export type Refusal = 'full' | 'displaced' | 'late' | 'gone'

/** What is counted. */
export interface HashCounts {
  /** from the call to the beginning */
  wait: Durations
  /** from the beginning to the end */
  work: Durations
  refused: Record<Refusal, number>
}

interface Limits {
  /** how many are worked on at once */
  concurrency: number
  /** how many more are handed over, to begin without delay when a thread is free */
  ahead: number
  /** how many may wait beside these */
  waiting: number
  /** how long one may wait, in ms */
  patience: number
}

interface Ticket {
  address: string
  account: string
  enter: () => void
  refuse: (why: Refusal) => void
}

/** A piece of work that was let in. */
interface Turn {
  since: number
  begun: number | undefined
}

export interface Admission {
  /**
   * Runs the work when it is its turn.
   * @param onEnd told how long the work took, in ms, once its place is free again
   * @throws Failure overloaded
   */
  run<T>(from: Claimant, work: () => Promise<T>, onEnd?: (took: number) => void): Promise<T>
  load(): { running: number; waiting: number }
  counts: HashCounts
}

/** How much the newest piece of work counts in what one usually takes. */
const NEWEST = 0.1

/** A client that was turned away may try again after this at the earliest, and is never told to wait longer; in s. */
const SHORTEST_RETRY = 2
const LONGEST_RETRY = 30

/** Makes the line. */
export function createAdmission({ concurrency, ahead, waiting: limit, patience }: Limits): Admission {
  const ofAddress = () => createRound<Ticket>(({ account }) => account, createQueue)
  const ofSite = () => createRound<Ticket>(({ address }) => address, ofAddress)
  const line = createRound<Ticket>(({ address }) => siteOf(address), ofSite)
  const counts = {
    wait: createDurations(),
    work: createDurations(),
    refused: { full: 0, displaced: 0, late: 0, gone: 0 },
  }
  /** let in, whether or not a thread is at it */
  let running = 0
  /** let in, and no thread is at them yet */
  const handedOver: Turn[] = []
  /** what one takes, in ms; 0 until one was made */
  let usual = 0

  /** How long who comes now would wait, in ms. */
  const expectedWait = () => ((line.size() + handedOver.length + 1) * usual) / concurrency
  const retryAfter = () => Math.min(LONGEST_RETRY, Math.max(SHORTEST_RETRY, Math.ceil(expectedWait() / 1000)))

  function waitInLine({ ip = '', account, signal }: Claimant): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const leave = (why: 'late' | 'gone') => () => {
      if (line.remove(ticket)) ticket.refuse(why)
    }
    const onAbort = leave('gone')
    const timer = setTimeout(leave('late'), patience)
    const end = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
    }
    const ticket: Ticket = {
      address: networkOf(ip),
      account,
      enter() {
        end()
        resolve()
      },
      refuse(why) {
        end()
        counts.refused[why] += 1
        reject(new Failure('overloaded', { retryAfter: retryAfter() }))
      },
    }
    signal?.addEventListener('abort', onAbort)
    if (signal?.aborted) ticket.refuse('gone')
    else if (line.size() < limit && expectedWait() <= patience) line.push(ticket)
    else turnAway(ticket)
    return promise
  }

  function turnAway(ticket: Ticket): void {
    const victim = line.trade(ticket)
    victim.refuse(victim === ticket ? 'full' : 'displaced')
  }

  function enter(since: number): Turn {
    const turn: Turn = { since, begun: undefined }
    if (running - handedOver.length <= concurrency) begin(turn)
    else handedOver.push(turn)
    return turn
  }

  function begin(turn: Turn): void {
    turn.begun = performance.now()
    observe(counts.wait, turn.begun - turn.since)
  }

  function leave(turn: Turn): void {
    if (turn.begun === undefined) {
      // two ended at once, and this one was noticed first: when it began is not known
      handedOver.splice(handedOver.indexOf(turn), 1)
      begin(turn)
    } else {
      const took = performance.now() - turn.begun
      observe(counts.work, took)
      usual += usual === 0 ? took : NEWEST * (took - usual)
      const next = handedOver.shift()
      if (next) begin(next)
    }
    // the place passes straight to the next in line, so nobody can slip in between
    const next = line.shift()
    if (next) next.enter()
    else running -= 1
  }

  return {
    async run(from, work, onEnd) {
      const since = performance.now()
      if (running < concurrency + ahead) running += 1
      else await waitInLine(from)
      const turn = enter(since)
      try {
        return await work()
      } finally {
        leave(turn)
        onEnd?.(performance.now() - (turn.begun ?? since))
      }
    },
    load() {
      const begun = running - handedOver.length
      return { running: begun, waiting: line.size() + handedOver.length }
    },
    counts,
  }
}
