/** `docs/clients.md` shows what `npm run clients` runs, and names what that takes. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { LANGUAGES } from '../../scripts/clients/languages.ts'
import { shownOf, withSections } from '../../scripts/clients/page.ts'

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const page = read('docs/clients.md')
/** The row of the table that begins with a name. */
const rowOf = (name: string) => page.split('\n').find((line) => line.startsWith(`| \`${name}\` |`)) ?? ''

t.test('the page shows the lines of the programs that are run', async (t) => {
  t.equal(page, withSections(page), 'npm run docs writes them')
  for (const [name, language] of Object.entries(LANGUAGES)) {
    const lines = shownOf(language).split('\n')
    t.ok(lines.length >= 7 && lines.length <= 20, `${name}: ${lines.length} lines`)
    t.match(
      shownOf(language),
      /[Rr]egister[\s\S]*[Ll]ogin[\s\S]*([Gg]et_?[Mm]e|users\/me)[\s\S]*[Rr]efresh[\s\S]*[Cc]ode/,
      name,
    )
  }
})

t.test('the page names the versions and packages that each client takes', async (t) => {
  for (const [name, { debian }] of Object.entries(LANGUAGES))
    for (const each of debian.split(' ').filter((each) => each && each !== 'default-jre-headless'))
      t.match(rowOf(name), each)
  const { dependencies } = JSON.parse(read('scripts/clients/typescript/package.json')) as {
    dependencies: Record<string, string>
  }
  const versionsOf = (...packages: string[]) => packages.map((each) => dependencies[each] ?? 'none')
  const proved: Record<string, string[]> = {
    'openapi-fetch': versionsOf('openapi-typescript', 'openapi-fetch'),
    'hey-api': versionsOf('@hey-api/openapi-ts'),
    orval: versionsOf('orval'),
    kubb: versionsOf('@kubb/core', '@kubb/plugin-client'),
  }
  for (const [name, versions] of Object.entries(proved))
    for (const version of versions) t.match(rowOf(name), ` ${version}`)
})
