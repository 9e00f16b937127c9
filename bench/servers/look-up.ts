/**
 * Looks passwords up for `SECONDS`, half of which are breached ones: in the filter that comes with the release, or where
 * `IN` is `set`, in a set of as many strings. Prints what one look-up took, in µs of the processor's time.
 */
import { readFilter } from '../../src/passwords/filter/file.ts'
import { includes } from '../../src/passwords/filter/fuse.ts'
import { OWN_LISTS } from '../../src/passwords/lists.ts'
import { foldPassword } from '../../src/passwords/spelling.ts'
import { stranger } from '../data/strangers.ts'

const { IN, SECONDS } = process.env
const BATCH = 1000

const filter = await readFilter(OWN_LISTS.breached)
const set = new Set(IN === 'set' ? Array.from({ length: filter.entries }, (_, index) => `member ${index}`) : [])
const isIn =
  IN === 'set'
    ? (password: string) => set.has(foldPassword(password))
    : (password: string) => includes(filter, foldPassword(password))

const passwords = Array.from({ length: 100 * BATCH }, (_, index) =>
  index % 2 === 0 ? stranger(index) : `member ${index % filter.entries}`,
)
let done = 0
let found = 0
const begun = process.cpuUsage()
const end = performance.now() + Number(SECONDS) * 1000
while (performance.now() < end) {
  for (let count = 0; count < BATCH; count += 1) found += Number(isIn(passwords[done++ % passwords.length] as string))
}
const { user, system } = process.cpuUsage(begun)
if (found === 0) throw new Error('nothing was found')
process.stdout.write(String((user + system) / done))
