import { execFile } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { loadConfig } from '../../src/config.ts'
import { load, type Request } from '../load.ts'
import { alternate, type Row } from '../measure.ts'
import { PERSON, SETTINGS, startLatchkey } from '../servers/latchkey.ts'

/** More hashes at once than cores gain nothing: the package alone runs as many, and so does our queue. */
const IN_FLIGHT = availableParallelism()

/** Clients that sign in at the same moment; some of them wait, so that no core does while others are being answered. */
const CONNECTIONS = 4 * IN_FLIGHT
const WARM_UP_SECONDS = 2
const SECONDS = 5

const { argon2_memory, argon2_time, argon2_parallelism } = loadConfig({})
const PARAMETERS = { memoryCost: argon2_memory, timeCost: argon2_time, parallelism: argon2_parallelism }

/** What is left of the machine's hashing once it is an HTTP service that commits a session for each. */
export const login: Row = {
  name: 'login',
  ours: 'POST /auth/login',
  theirs: 'the argon2 package alone',
  unit: 'logins/s',
  setting: `${SETTINGS}, argon2id ${argon2_memory} KiB, ${argon2_time} passes; ${CONNECTIONS} connections, ${IN_FLIGHT} hashes in flight, one per core`,
  target: 0.9,
  later: 0.95,

  async run() {
    await using latchkey = await startLatchkey()
    const ours: Request = {
      url: `${latchkey.api}/auth/login`,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(PERSON),
    }
    await load(ours, CONNECTIONS, WARM_UP_SECONDS)
    // awaited here: the servers end when this function does
    return await alternate(() => load(ours, CONNECTIONS, SECONDS), verifyAlone)
  },
}

/** Verifications per second in a process that does nothing else. */
async function verifyAlone(): Promise<number> {
  const script = fileURLToPath(new URL('../servers/argon2.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [script], {
    env: {
      PARAMETERS: JSON.stringify(PARAMETERS),
      PASSWORD: PERSON.password,
      IN_FLIGHT: String(IN_FLIGHT),
      SECONDS: String(SECONDS),
    },
  })
  return Number(stdout)
}
