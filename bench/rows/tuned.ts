import { scratchFolder } from '../data/places.ts'
import { PASSWORD } from '../data/population.ts'
import { compareLoads } from '../load/compare.ts'
import { alternate, type Row } from '../measure.ts'
import { runAlone } from '../servers/alone.ts'
import { SETTINGS, startLatchkey } from '../servers/latchkey.ts'
import { rebuildArgon2 } from '../servers/rebuild.ts'
import { argon2Alone, HASH, LOGIN_CONNECTIONS } from './login.ts'

/** The package as it comes has to run on every processor of its kind. */
export const tuned: Row = {
  name: 'tuned',
  group: 'passwords',
  ours: 'POST /auth/login, argon2 compiled for this processor',
  theirs: 'the argon2 package as it comes',
  unit: 'logins/s',
  setting: `${SETTINGS}; ${HASH}; ${LOGIN_CONNECTIONS} connections`,
  limits: 'The gain is this processor’s: it depends on which instructions it has beyond SSE2.',
  target: { of: 'ratio', least: 2 },

  async run(effort) {
    using scratch = scratchFolder()
    const missing = rebuildArgon2(scratch.path)
    if (missing) return { unmeasured: `not tuned: ${missing}; npm run tune needs the same` }
    // node-gyp-build, by which the package finds its native part, reads these
    const [native, prebuilt] = [{ ARGON2_PREBUILD: scratch.path }, { PREBUILDS_ONLY: '1' }]
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
