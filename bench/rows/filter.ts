/** The filter of breached passwords: how long a look-up takes, how much it holds, and how often it is wrong. */
import { statSync } from 'node:fs'
import { readFilter } from '../../src/passwords/filter/file.ts'
import { includes } from '../../src/passwords/filter/fuse.ts'
import { OWN_LISTS } from '../../src/passwords/lists.ts'
import { foldPassword } from '../../src/passwords/spelling.ts'
import { stranger } from '../data/strangers.ts'
import { alternate, type Row } from '../measure.ts'
import { runAlone } from '../servers/alone.ts'

/** So many passwords that are on no list are asked for. */
const STRANGERS = 1_000_000

/** What an exact set of the same size would do, for the memory that it takes. */
export const filter: Row = {
  name: 'filter',
  group: 'passwords',
  ours: 'a look-up in the filter of breached passwords',
  theirs: 'in a JavaScript Set of as many strings',
  unit: 'µs',
  setting: `the filter that comes with the release; half of what is looked up is on no list; time of the processor; false positives among ${STRANGERS.toLocaleString('en')} others`,
  limits: 'The set holds generated strings, and more than 100 MB of them; the filter holds hashes of real passwords.',
  target: { of: 'ours', most: 5 },

  async run(effort) {
    const held = await readFilter(OWN_LISTS.breached)
    const seconds = String(effort.seconds)
    const seen = await alternate(effort, {
      ours: () => runAlone('./look-up.ts', { IN: 'filter', SECONDS: seconds }),
      theirs: () => runAlone('./look-up.ts', { IN: 'set', SECONDS: seconds }),
    })
    let wrong = 0
    for (let number = 0; number < STRANGERS; number += 1)
      wrong += Number(includes(held, foldPassword(stranger(number))))
    return {
      ...seen,
      also: [
        { what: 'entries', unit: 'passwords', rounds: [held.entries], target: { least: 1_000_000 } },
        { what: 'its file', unit: 'MB', rounds: [statSync(OWN_LISTS.breached).size / 1e6], target: { most: 2.5 } },
        { what: 'false positives', unit: '%', rounds: [(100 * wrong) / STRANGERS], target: { most: 0.5 } },
      ],
    }
  },
}
