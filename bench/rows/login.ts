import { availableParallelism } from 'node:os'
import { loadConfig } from '../../src/config.ts'
import { PASSWORD } from '../data/population.ts'
import { load } from '../load/closed.ts'
import { costs } from '../load/compare.ts'
import { alternate, type Row } from '../measure.ts'
import { runAlone } from '../servers/alone.ts'
import { SETTINGS, startLatchkey } from '../servers/latchkey.ts'

/** More hashes at once than cores gain nothing: the package alone runs as many, and so does our queue. */
const IN_FLIGHT = availableParallelism()

/** Clients that sign in at the same moment; some of them wait, so that no core does while others are being answered. */
export const LOGIN_CONNECTIONS = 4 * IN_FLIGHT
const WARM_UP = 2

const { argon2_memory, argon2_time, argon2_parallelism } = loadConfig({})
const PARAMETERS = { memoryCost: argon2_memory, timeCost: argon2_time, parallelism: argon2_parallelism }

/** The parameters, for the reader of the figures. */
export const HASH = `argon2id ${argon2_memory} KiB, ${argon2_time} passes`

/** The environment of servers/argon2.ts. */
export function argon2Alone(password: string, seconds: number): Record<string, string> {
  return {
    PARAMETERS: JSON.stringify(PARAMETERS),
    PASSWORD: password,
    IN_FLIGHT: String(IN_FLIGHT),
    SECONDS: String(seconds),
  }
}

/** What is left of the machine's hashing once it is an HTTP service that commits a session for each. */
export const login: Row = {
  name: 'login',
  group: 'passwords',
  ours: 'POST /auth/login',
  theirs: 'the argon2 package alone',
  unit: 'logins/s',
  setting: `${SETTINGS}; ${HASH}; ${LOGIN_CONNECTIONS} connections, ${IN_FLIGHT} hashes in flight, one per core`,
  limits: 'Everybody has the same hash of the same password. Other parameters cost otherwise.',
  target: { of: 'ratio', least: 0.95 },

  async run(effort) {
    await using latchkey = await startLatchkey()
    const run = (seconds: number) =>
      load(latchkey.requests.login, { connections: LOGIN_CONNECTIONS, seconds, pid: latchkey.pid })
    await run(WARM_UP)
    const seen = await alternate(effort, {
      ours: () => run(effort.seconds),
      theirs: () => runAlone('./argon2.ts', argon2Alone(PASSWORD, effort.seconds)),
    })
    return { ours: seen.ours.map(({ rate }) => rate), theirs: seen.theirs, also: costs('ours', seen.ours) }
  },
}
