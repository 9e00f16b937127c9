import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { findTuned } from '../../src/passwords/binary.ts'
import { scratchFolder } from '../data/places.ts'
import { PASSWORD } from '../data/population.ts'
import { compareLoads } from '../load/compare.ts'
import { alternate, type Row } from '../measure.ts'
import { runAlone } from '../servers/alone.ts'
import { SETTINGS, startLatchkey } from '../servers/latchkey.ts'
import { argon2Alone, HASH, LOGIN_CONNECTIONS } from './login.ts'

const require = createRequire(import.meta.url)
const PACKAGE = dirname(require.resolve('argon2/package.json'))
const TUNE = fileURLToPath(new URL('../../scripts/tune.ts', import.meta.url))

/** The package as it comes has to run on every processor of its kind. */
export const tuned: Row = {
  name: 'tuned',
  group: 'passwords',
  ours: 'POST /auth/login, after npm run tune',
  theirs: 'over the prebuilt binary',
  unit: 'logins/s',
  setting: `${SETTINGS}; ${HASH}; ${LOGIN_CONNECTIONS} connections; the build is made for the row, in a folder of its own`,
  limits: 'The gain is this processor’s: it depends on which instructions it has beyond SSE2.',
  target: { of: 'ratio', least: 2 },

  async run(effort) {
    using scratch = scratchFolder()
    const folder = `${scratch.path}/tuned`
    const { stdout } = await promisify(execFile)(process.execPath, [TUNE, folder])
    if (!findTuned(folder)) return { unmeasured: stdout.trim() }
    // node-gyp-build, by which the package finds its binary, reads this
    const [native, prebuilt] = [{ ARGON2_PREBUILD: folder }, { ARGON2_PREBUILD: PACKAGE }]
    await using ours = await startLatchkey({ env: native })
    await using theirs = await startLatchkey({ env: prebuilt })
    const seen = await compareLoads(effort, LOGIN_CONNECTIONS, {
      ours: { pid: ours.pid, request: ours.requests.login },
      theirs: { pid: theirs.pid, request: theirs.requests.login },
    })
    const alone = await alternate(effort, {
      native: () => runAlone('./argon2.ts', { ...argon2Alone(PASSWORD, effort.seconds), ...native }),
      prebuilt: () => runAlone('./argon2.ts', { ...argon2Alone(PASSWORD, effort.seconds), ...prebuilt }),
    })
    return {
      ...seen,
      also: [
        ...(seen.also ?? []),
        { what: 'the package alone, compiled', unit: 'hashes/s', rounds: alone.native },
        { what: 'the package alone, as it comes', unit: 'hashes/s', rounds: alone.prebuilt },
      ],
    }
  },
}
