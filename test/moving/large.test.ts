/** Imports that take a while: interrupted, beside the service, with an eye on memory. */
import { existsSync, statSync } from 'node:fs'
import { setTimeout as after } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { commandLine } from '../support/command-line.ts'
import { countUsers, people } from '../support/moving.ts'
import { call, startService } from '../support/service.ts'
import { eventually } from '../support/wait.ts'

t.test('an import that was killed is completed by running it again', async (t) => {
  const line = commandLine(t)
  const count = 20_000
  line.write('users.jsonl', people(count))
  const first = line.start(['import', 'users.jsonl', '--apply'])
  await eventually(
    () =>
      existsSync(line.path('users.jsonl.report.jsonl')) &&
      statSync(line.path('users.jsonl.report.jsonl')).size > 100_000,
    60_000,
  )
  first.process.kill('SIGKILL')
  t.equal((await first.ended).code, 'SIGKILL')
  const written = await countUsers(line)
  t.ok(written > 0 && written < count, `${written} were written`)

  const { code, stdout } = await line.latchkey('import', 'users.jsonl', '--apply')
  t.equal(code, 0)
  t.match(stdout, ` imported ${(count - written).toLocaleString('en').padStart(29)}\n`)
  t.match(stdout, ` present already ${written.toLocaleString('en').padStart(22)}\n`)
  await line.withDatabase(async (db) => {
    const rows = await db
      .selectFrom('users')
      .innerJoin('passwords', 'passwords.user_id', 'users.id')
      .innerJoin('user_roles', 'user_roles.user_id', 'users.id')
      .select(['users.id', 'username'])
      .orderBy('users.id')
      .execute()
    t.equal(rows.length, count, 'everybody has a password and a role')
    t.ok(rows.every(({ id, username }, index) => id === index + 1 && username === `user.${index}`))
  })
})

t.test('the service answers while users are brought in', async (t) => {
  const line = commandLine(t)
  line.write('users.jsonl', people(20_000))
  const { api } = await startService(t, line.environment)
  const running = line.start(['import', 'users.jsonl', '--apply'])
  let hasEnded = false
  running.ended.then(() => {
    hasEnded = true
  })
  const taken: number[] = []
  for (let index = 0; !hasEnded; index += 1) {
    const start = performance.now()
    const person = { username: `new.${index}`, email: `new.${index}@example.net`, password: 'a long password' }
    t.equal((await call(`${api}/auth/register`, person)).status, 201)
    taken.push(performance.now() - start)
    await after(20)
  }
  t.match(await running.ended, { code: 0, stdout: /rejected {29}0\n/ })
  t.ok(taken.length > 5)
  t.ok(Math.max(...taken) < 5000, `the slowest of ${taken.length} registrations took ${Math.max(...taken)} ms`)
  t.equal(await countUsers(line), 20_000 + taken.length)
})

/** The most memory that an import took, in KiB. */
async function peakOf(t: Test, count: number): Promise<number> {
  const line = commandLine(t)
  line.write('users.jsonl', people(count))
  line.write('peak.mjs', "process.on('exit', () => console.error(process.resourceUsage().maxRSS))")
  const { code, stderr } = await commandWith(line, 'peak.mjs', ['import', 'users.jsonl', '--apply'])
  t.equal(code, 0)
  return Number(stderr.trim().split('\n').at(-1))
}

function commandWith(line: ReturnType<typeof commandLine>, module: string, args: string[]) {
  return line.start(args, { NODE_OPTIONS: `--import=${line.path(module)}` }).ended
}

t.test('memory does not grow with the file', async (t) => {
  const few = await peakOf(t, 2000)
  const many = await peakOf(t, 60_000)
  t.ok(many < 1.5 * few, `${many} KiB for 60,000 users, ${few} KiB for 2,000`)
})

t.test('progress is one line that changes at a terminal, and a line now and then elsewhere', async (t) => {
  const line = commandLine(t)
  line.write('users.jsonl', '{"username":"ada"}\n'.repeat(110_000))
  const { stderr } = await line.latchkey('import', 'users.jsonl')
  t.match(stderr, /^\d+ % {2}100,\d{3} users {2}[\d,]+\/s\n$/)
  const shown = await line.atTerminal(['import', 'users.jsonl'])
  t.match(shown.replaceAll('\r\u001b[K', '<anew>'), /<anew>\[=* *\] \d+ % {2}[\d,]+ users {2}[\d,]+\/s<anew>/)
  t.match(shown, '\r\u001b[K110,000 users read', 'and is gone in the end')
})
