/** `docs/security-review.md` names tests that there are, leaves no requirement out, and counts as it should. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { PROJECT } from '../support/child.ts'

const read = (path: string) => readFileSync(join(PROJECT, path), 'utf8')
const PAGES = ['docs/security-review.md', 'docs/threat-model.md']
const REVIEW = read('docs/security-review.md')

/** How many requirements of levels 1 and 2 each chapter of ASVS 5.0.0 has: 253. */
const CHAPTERS = [27, 11, 19, 10, 9, 35, 18, 7, 7, 29, 14, 9, 13, 9, 13, 16, 7]

const STATES = ['met', 'partly', 'not', 'does not apply']

interface Row {
  id: string
  state: string
  said: string
}

const rows: Row[] = [...REVIEW.matchAll(/^\| (\d+\.\d+\.\d+) \| .+? \| ([a-z ]+) \| (.+) \|$/gm)].map(
  ([, id = '', state = '', said = '']) => ({ id, state, said }),
)

/** The tests that are named, as path and part of a title. */
const testsIn = (text: string) =>
  [...text.matchAll(/\]\(\.\.\/(test\/[^)]+)\) “([^”]+)”/g)].map(([, path = '', title = '']) => ({ path, title }))

const chapterOf = ({ id }: Row) => Number(id.split('.')[0])

t.test('every requirement of levels 1 and 2 is there once, in order, with one of four states', async (t) => {
  const counts = CHAPTERS.map((_, index) => rows.filter((row) => chapterOf(row) === index + 1).length)
  t.strictSame(counts, CHAPTERS)
  t.equal(new Set(rows.map(({ id }) => id)).size, rows.length)
  const parts = rows.map(({ id }) => id.split('.').reduce((number, part) => number * 100 + Number(part), 0))
  t.strictSame(
    parts,
    parts.toSorted((a, b) => a - b),
  )
  for (const { id, state, said } of rows) t.ok(STATES.includes(state) && said.length > 3, id)
})

t.test('what is met names a test, and every test that is named is there under its title', async (t) => {
  for (const { id, state, said } of rows) {
    const tests = testsIn(said)
    t.equal(tests.length, said.match(/\]\(\.\.\/test\//g)?.length ?? 0, `${id}: each has its title`)
    if (state === 'met') t.ok(tests.length > 0, `${id} is met`)
    for (const { path, title } of tests) t.ok(existsSync(join(PROJECT, path)) && read(path).includes(title), path)
  }
})

t.test('the numbers at the top are those of the rows', async (t) => {
  const table = [...REVIEW.matchAll(/^\| (?:\[V\d+ .*?\]\(#.*?\)|all) \| (.+) \|$/gm)].map(([, cells = '']) =>
    cells.split(' | ').map(Number),
  )
  const countOf = (some: readonly Row[]) => [
    some.length,
    ...STATES.map((state) => some.filter((row) => row.state === state).length),
  ]
  const chapters = CHAPTERS.map((_, index) => countOf(rows.filter((row) => chapterOf(row) === index + 1)))
  t.strictSame(table, [...chapters, countOf(rows)])
})

t.test('every file that the review and the threat model lead to is there', async (t) => {
  let count = 0
  for (const page of PAGES) {
    for (const [, target = ''] of read(page).matchAll(/\]\(([^)#\s]+)[^)]*\)/g)) {
      if (/^https?:/.test(target)) continue
      count += 1
      t.ok(existsSync(join(PROJECT, dirname(page), target)), `${page}: ${target}`)
    }
  }
  t.ok(count > 50, `${count} links`)
})
