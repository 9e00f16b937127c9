/** Programs of the project as processes of their own, in folders of their own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { CHEAP_HASH, type Environment } from './app.ts'

/** The folder of the project. */
export const PROJECT = join(import.meta.dirname, '../..')

export interface Ending {
  /** the exit code, or the signal that ended it */
  code: number | NodeJS.Signals | null
  stdout: string
  stderr: string
}

export interface Child {
  process: ChildProcess
  /** everything it has written to standard error so far */
  errors: () => string
  /** everything it has written to standard output so far */
  output: () => string
  ended: Promise<Ending>
}

interface Start {
  command?: string
  args: readonly string[]
  cwd: string
  env?: Environment
  /** what to write to its standard input, which is closed after; null: it stays open */
  input?: string | null
}

/** Starts a program: by default this Node, with cheap hashes and nothing else in its environment. */
export function startChild(t: Test, { command = process.execPath, args, cwd, env = {}, input = '' }: Start): Child {
  const child = spawn(command, args, { cwd, env: { PATH: process.env['PATH'] ?? '', ...CHEAP_HASH, ...env } })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => (stdout += chunk))
  child.stderr.on('data', (chunk) => (stderr += chunk))
  // a program that asks nothing may be gone before it is answered
  child.stdin.on('error', () => {})
  if (input !== null) child.stdin.end(input)
  const ended = new Promise<Ending>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code: code ?? signal, stdout, stderr }))
  })
  t.teardown(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
    await ended.catch(() => {})
  })
  return { process: child, errors: () => stderr, output: () => stdout, ended }
}

/** An empty folder for one test. */
export function emptyFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
