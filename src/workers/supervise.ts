/** The process that starts the workers, and does no HTTP itself. */

import { setTimeout as after } from 'node:timers/promises'
import pino from 'pino'
import type { Config } from '../config.ts'
import { standardOutput } from '../operation/log.ts'
import { complain } from '../operation/printable.ts'
import type { Readiness } from './messages.ts'
import { createPool, type Pool } from './pool.ts'
import type { StartFailure } from './starting.ts'

/** Workers end by themselves before this, in ms; one that hangs is ended then. */
const LONGEST_STOP = 40_000

/**
 * Runs as many workers as the configuration says, until a signal ends them: SIGTERM and SIGINT let them finish, a second
 * one does not, and SIGHUP replaces one after another.
 * @param announce called once, when all of them serve
 * @throws StartFailure when one of them cannot start
 */
export async function runWorkers(config: Config, announce: (readiness: Readiness) => void): Promise<void> {
  const log = pino({ level: config.log_level }, standardOutput())
  const pool = createPool({ config, log, giveUp })

  function giveUp(failure: StartFailure): void {
    log.fatal({ faults: failure.lines }, 'no worker runs, and none can start')
    for (const line of failure.lines) complain(line)
    process.exit(1)
  }

  const isStopping = obeySignals(pool, log)
  try {
    announce(await pool.open())
  } catch (error) {
    if (isStopping()) return
    await pool.kill()
    throw error
  }
}

/** @returns whether a signal to end has come */
function obeySignals(pool: Pool, log: pino.Logger): () => boolean {
  let stopping = false
  const stop = async (signal: NodeJS.Signals) => {
    const again = stopping
    stopping = true
    if (again) await pool.kill()
    if (again) process.exit(1)
    log.info({ signal }, 'stopping')
    after(LONGEST_STOP, undefined, { ref: false }).then(() => pool.kill())
    const well = await pool.close()
    log.info('stopped')
    process.exit(well ? 0 : 1)
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, stop)
  process.on('SIGHUP', () => {
    log.info('replacing every worker')
    void pool.renew()
  })
  return () => stopping
}
