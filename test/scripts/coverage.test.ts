/** `npm run coverage`, in a folder of its own: the project's own figures are being made while this runs. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t, { type Test } from 'tap'
import { emptyFolder, PROJECT, startChild } from '../support/child.ts'

const BIN = join(PROJECT, 'node_modules/.bin')

const SOURCE = "export const greeting: string = 'hello'\n"

/** A project with one source, and the packages of this one. */
function smallProject(t: Test): string {
  const folder = emptyFolder(t)
  symlinkSync(join(PROJECT, 'node_modules'), join(folder, 'node_modules'))
  writeFileSync(join(folder, 'package.json'), readFileSync(join(PROJECT, 'package.json')))
  mkdirSync(join(folder, 'src'))
  writeFileSync(join(folder, 'src/greeting.ts'), SOURCE)
  return folder
}

/** What V8 writes of a run through the source; a real one would be counted among those of this project's tests. */
function pretendRun(folder: string): void {
  const ranges = [{ startOffset: 0, endOffset: SOURCE.length, count: 1 }]
  const functions = [{ functionName: '', ranges, isBlockCoverage: true }]
  const result = [{ scriptId: '1', url: pathToFileURL(join(folder, 'src/greeting.ts')).href, functions }]
  mkdirSync(join(folder, '.tap/coverage'), { recursive: true })
  writeFileSync(join(folder, '.tap/coverage/run.json'), JSON.stringify({ result }))
}

const runCoverage = (t: Test, cwd: string) =>
  startChild(t, {
    args: [join(PROJECT, 'scripts/coverage.ts')],
    cwd,
    env: { PATH: `${BIN}:${process.env['PATH']}` },
  }).ended

t.test('what was measured becomes pages that name the sources, and their place is printed', async (t) => {
  const folder = smallProject(t)
  pretendRun(folder)
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
