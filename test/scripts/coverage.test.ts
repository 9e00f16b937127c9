/** `npm run coverage`, in a folder of its own: the project's own figures are being made while this runs. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { emptyFolder, PROJECT, startChild } from '../support/child.ts'

const BIN = join(PROJECT, 'node_modules/.bin')

/** A project with one source, and the packages of this one. */
function smallProject(t: Test): string {
  const folder = emptyFolder(t)
  symlinkSync(join(PROJECT, 'node_modules'), join(folder, 'node_modules'))
  writeFileSync(join(folder, 'package.json'), readFileSync(join(PROJECT, 'package.json')))
  mkdirSync(join(folder, 'src'))
  writeFileSync(join(folder, 'src/greeting.ts'), "export const greeting: string = 'hello'\n")
  return folder
}

const run = (t: Test, cwd: string, args: string[], env: Record<string, string> = {}) =>
  startChild(t, { args, cwd, env: { PATH: `${BIN}:${process.env['PATH']}`, ...env } }).ended

const runCoverage = (t: Test, cwd: string) => run(t, cwd, [join(PROJECT, 'scripts/coverage.ts')])

t.test('what was measured becomes pages that name the sources, and their place is printed', async (t) => {
  const folder = smallProject(t)
  await run(t, folder, ['src/greeting.ts'], { NODE_V8_COVERAGE: '.tap/coverage' })
  const { code, stdout, stderr } = await runCoverage(t, folder)
  t.strictSame({ code, stderr }, { code: 0, stderr: '' })
  t.match(stdout, /\/\.tap\/report\/index\.html\n$/)
  t.match(readFileSync(stdout.trim(), 'utf8'), /<html[\s\S]*greeting\.ts/)
})

t.test('without a measurement it says what to do first', async (t) => {
  t.strictSame(await runCoverage(t, smallProject(t)), {
    code: 1,
    stdout: '',
    stderr: 'nothing has been measured yet: run `npm test` first\n',
  })
})
