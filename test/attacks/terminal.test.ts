/** Names, agents and rows hold what a terminal would take for commands; whoever has the command line is not to be their reader. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { say, sayDocument } from '../../src/commands/terminal.ts'
import { complain, printable, printableLine } from '../../src/operation/printable.ts'
import { registerSomebody, somebody, startApp, testClock } from '../support/app.ts'
import { PROJECT } from '../support/child.ts'
import { commandLine } from '../support/command-line.ts'

/** Writes a new title, goes back to the beginning of the line, turns the direction of writing; in C0 and in C1. */
const EVIL = '\u001b]0;owned\u0007\r\u009b2J\u202eevil\u2028'

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROLS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]/u

t.test('no command prints what commands a terminal', async (t) => {
  const { latchkey, environment, withDatabase, start } = commandLine(t)
  const app = await startApp(t, environment, testClock())
  const ada = await registerSomebody(app)
  await app.close()
  await withDatabase(async (db) => {
    await db
      .updateTable('users')
      .set({ name: EVIL, username: `ada${EVIL}`, username_key: `ada${EVIL}` })
      .execute()
    const [first] = await db.selectFrom('audit_events').select('id').orderBy('id').execute()
    const change = { id: `\u001b[31m${EVIL}`, user_agent: EVIL, action: EVIL }
    await db
      .updateTable('audit_events')
      .set(change)
      .where('id', '=', first?.id ?? '')
      .execute()
    await db
      .updateTable('signing_keys')
      .set({ alg: `ES256${EVIL}` })
      .execute()
  })
  const { username, email, password } = somebody()
  const calls = [
    ['audit', 'verify'],
    ['audit', 'acknowledge'],
    ['doctor'],
    ['doctor', '--json'],
    ['keys', 'list'],
    ['migrate', 'status'],
    ['admin', 'promote', EVIL],
    ['admin', 'promote', `ada${EVIL}`],
    ['users', 'erase', EVIL, '--yes'],
    ['users', 'erase', `ada${EVIL}`, '--yes'],
    ['users', 'erase', ada.email, '--yes'],
  ]
  for (const call of calls) {
    const { stdout, stderr } = await latchkey(...call)
    t.ok(stdout + stderr, `${call.join(' ').slice(0, 14)} says something`)
    t.notMatch(stdout + stderr, CONTROLS, call.join(' ').slice(0, 14))
  }
  const made = await start(['admin', 'create', '--username', username, '--email', email], {}, `${password}\n`).ended
  t.notMatch(made.stdout + made.stderr, CONTROLS)
})

t.test('each way to print shows what it is given, and lets none of it be a command', async (t) => {
  const [out, err] = [t.capture(process.stdout, 'write'), t.capture(process.stderr, 'write')]
  say(EVIL)
  sayDocument(`one line\n${EVIL}`)
  complain(EVIL)
  out.restore()
  err.restore()
  const printed = [...out(), ...err()].map(({ args }) => String(args[0]))
  t.equal(printed.length, 3)
  for (const text of printed) {
    t.match(text, 'evil')
    t.notMatch(text, CONTROLS)
  }
})

t.test('what is not to be seen is shown by its number, and a value makes no line of its own', async (t) => {
  t.equal(printableLine('a\u001b[31mb\nc\u202ed'), 'a\\u001b[31mb\\u000ac\\u202ed')
  t.equal(printable('a\nb\u009bc'), 'a\nb\\u009bc')
  t.equal(printableLine('Zoë 日本 ق'), 'Zoë 日本 ق')
})

t.test('everything that is printed goes through one place', async (t) => {
  const files = globSync('src/**/*.ts', { cwd: PROJECT })
  t.ok(files.length > 100)
  const printing = files.filter((file) =>
    /process\.(stdout|stderr)\.write|console\./.test(readFileSync(join(PROJECT, file), 'utf8')),
  )
  // the progress has commands of its own, and words that were made printable; the start prints its banner so
  const known = ['src/commands/progress.ts', 'src/commands/terminal.ts', 'src/operation/printable.ts', 'src/start.ts']
  t.strictSame(printing.sort(), known)
})
