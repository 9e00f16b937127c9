/** What seals in the background, in each process; whichever comes first does the work. */
import { appendFile } from 'node:fs/promises'
import { setTimeout as after } from 'node:timers/promises'
import type { Deps } from '../deps.ts'
import { findUnsealed } from './chain.ts'
import type { Checkpoint } from './checkpoint.ts'
import { type Moment, type Sealed, type Seen, sealEvents } from './seal.ts'
import { findShipped } from './shipped.ts'

type Needs = Pick<Deps, 'audit' | 'config' | 'db' | 'keys' | 'log' | 'now'>

/** An event that this process wrote is sealed after this long, in ms, along with those that follow meanwhile. */
const SOON = 1000

/** How often it is looked whether others left something to do, in ms: a process that died, the command line, time. */
const LOOK = 60_000

/** How long the last batch may take when the service ends, in ms. */
const LAST = 2000

export interface Sealer {
  /** Seals what there is, and ends. */
  stop(): Promise<void>
}

/** Starts sealing. While nothing happens, it looks once a minute and writes nothing. */
export function startSealer(deps: Needs): Sealer {
  const { audit, log } = deps
  let soon: NodeJS.Timeout | undefined
  let running = Promise.resolve()
  let seen: Seen | undefined
  let isFirst = true

  audit.onStir(() => {
    soon ??= setTimeout(run, SOON).unref()
  })
  const look = setInterval(run, LOOK).unref()

  /** One at a time, all that there is. */
  function run(isLast = false): Promise<void> {
    clearTimeout(soon)
    soon = undefined
    running = running
      .then(() => sealAll(isLast))
      .catch((error: unknown) => log.warn({ err: error }, 'events of the audit log could not be sealed'))
    return running
  }

  async function sealAll(isLast: boolean): Promise<void> {
    if (isFirst) seen = await findShipped(deps)
    isFirst = false
    let moment: Moment = isLast ? 'last' : 'usual'
    for (;;) {
      const sealed = await sealEvents(deps, moment, seen)
      await notice(sealed)
      if (!sealed.isFull && !sealed.isPruning) return
      if (sealed.isPruning) moment = 'pruning'
    }
  }

  async function notice({ head, checkpoint, gap }: Sealed): Promise<void> {
    if (!head) {
      // who had the turn may have looked before our last event was there
      if ((await findUnsealed(deps.db, 1)).length > 0) audit.stir()
      return
    }
    if (gap) log.error(gap, 'the audit log has lost its end: latchkey audit verify says what is missing')
    seen = head
    if (checkpoint) await ship(deps, checkpoint)
  }

  return {
    async stop() {
      clearInterval(look)
      await Promise.race([run(true), after(LAST, undefined, { ref: false })])
      audit.onStir(() => {})
      clearTimeout(soon)
    },
  }
}

/** Puts a checkpoint where a change of the database does not reach it. */
async function ship({ config, log }: Needs, checkpoint: Checkpoint): Promise<void> {
  log.info({ checkpoint }, 'checkpoint of the audit log')
  const path = config.audit_checkpoints
  if (path === undefined) return
  await appendFile(path, `${JSON.stringify(checkpoint)}\n`, { mode: 0o600 }).catch((error: unknown) =>
    log.error({ err: error }, 'a checkpoint of the audit log could not be written to AUDIT_CHECKPOINTS'),
  )
}
