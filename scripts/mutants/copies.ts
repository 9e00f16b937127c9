/** Copies of the project, in which tests run one at a time. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, cpSync, mkdtempSync, openSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { prepareServer, SERVER_VARIABLE, startPostgres, TEMPLATE } from '../../test/support/postgres.ts'

export const PROJECT = join(import.meta.dirname, '../..')

/** A test file, or one of its tests by its title. */
export interface Asked {
  file: string
  title?: string
}

/** What is not copied: what is made from the rest, and what no test reads. */
const LEFT_OUT = new Set(['node_modules', '.git', '.tap', 'dist', 'data', 'coverage', 'bench/.cache'])

/** What takes longer than this has failed, in ms: one test, and a whole file. */
const PATIENCE = { test: 60_000, file: 180_000 }

/** What the last test said, in the copy. */
const OUTPUT = 'output.tap'

const running = new Set<ChildProcess>()
const folders: string[] = []
process.once('exit', () => {
  for (const child of running) endGroup(child)
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

/** One server for all tests: each would start its own. */
const server = prepareServer(startPostgres()).slice(0, -TEMPLATE.length)
const copies = Array.from({ length: availableParallelism() }, copyProject)

function copyProject(): string {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-mutants-'))
  folders.push(folder)
  cpSync(PROJECT, folder, { recursive: true, filter: (path) => !LEFT_OUT.has(relative(PROJECT, path)) })
  symlinkSync(join(PROJECT, 'node_modules'), join(folder, 'node_modules'))
  return folder
}

/** Does some work for each item, as many at once as there are copies. */
export async function inParallel<T>(
  items: readonly T[],
  work: (copy: string, item: T) => Promise<void>,
): Promise<void> {
  const left = items.values()
  await Promise.all(
    copies.map(async (copy) => {
      for (const item of left) await work(copy, item)
    }),
  )
}

/** Runs a test in a copy, until something fails. @returns whether nothing did */
export async function passes(copy: string, { file, title }: Asked): Promise<boolean> {
  const output = openSync(join(copy, OUTPUT), 'w')
  const child = spawn(process.execPath, [file], {
    cwd: copy,
    env: environment(copy, title),
    stdio: ['ignore', output, output],
    detached: true,
  })
  closeSync(output)
  running.add(child)
  const timer = setTimeout(endGroup, title === undefined ? PATIENCE.file : PATIENCE.test, child)
  const code = await new Promise((resolve) => child.once('close', resolve))
  clearTimeout(timer)
  // what it has started, and did not end because it failed
  endGroup(child)
  running.delete(child)
  return code === 0
}

function environment(copy: string, title: string | undefined): NodeJS.ProcessEnv {
  return {
    ...process.env,
    TAP_BAIL: '1',
    LATCHKEY_TESTS_PATIENCE: '15000',
    TAP_TIMEOUT: String(PATIENCE.file / 1000),
    ...(title === undefined ? {} : { TAP_GREP: exactly(title) }),
    [SERVER_VARIABLE]: server,
    // half of the time of a short test goes into compiling
    NODE_COMPILE_CACHE: join(copy, 'node_compiled'),
  }
}

/** The expression that matches a title and nothing else. */
const exactly = (title: string) => `^${title.replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&')}$`

/** Ends a test with all that it has started. */
function endGroup({ pid = 0 }: ChildProcess): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // nobody is left
  }
}

/** What the last test in a copy said. */
export function outputOf(copy: string): string[] {
  return readFileSync(join(copy, OUTPUT), 'utf8').split('\n')
}

/** The title of the test that failed last in a copy; undefined where none did, as where the file could not be read. */
export function failedTest(copy: string): string | undefined {
  const lines = outputOf(copy)
  const failed = lines.findIndex((line) => line.trimStart().startsWith('not ok'))
  const title = lines.slice(0, Math.max(0, failed)).findLast((line) => line.startsWith('# Subtest: '))
  return title?.slice('# Subtest: '.length).replaceAll(/\\([#\\])/g, '$1')
}
