import t, { type Test } from 'tap'
import { CHEAP_HASH, isLeftOut } from '../support/app.ts'
import { commandLine } from '../support/command-line.ts'
import { findFaults, keepBusy, read, swell } from '../support/copying.ts'
import { newPostgresDatabase } from '../support/postgres.ts'
import { startService } from '../support/service.ts'
import { eventually } from '../support/wait.ts'

async function killed(t: Test) {
  const line = commandLine(t, CHEAP_HASH)
  const from = line.environment.DATABASE_URL
  const to = newPostgresDatabase(t, { migrated: false })
  const service = await startService(t, line.environment)
  swell(line.path('test.db'), 8000)
  const writer = keepBusy(service, 'meanwhile')
  /** What a query finds first; nothing where the table is not there yet. */
  const first = async (url: string, query: string) => (await read(url, query).catch(() => []))[0]
  const progressOf = async () => JSON.parse((await first(to, 'select progress from copy_mark')) ?? '{}').tables ?? {}

  const moments: [string, () => Promise<boolean>][] = [
    ['before anything', async () => (await first(from, 'select state from copy_mark')) === 'open'],
    ['among the accounts', async () => (await progressOf()).users !== undefined],
    ['among the sessions', async () => (await progressOf()).sessions?.isDone === false],
    ['while it compares', async () => (await progressOf()).messages?.isDone === true],
    ['at the end', async () => (await first(from, 'select state from copy_mark')) === 'closed'],
  ]
  let kills = 0
  let written: string | undefined
  for (const [name, hasCome] of moments) {
    const running = line.start(['db', 'copy', '--to', to, '--finish'])
    let isOver = false
    running.ended.then(() => {
      isOver = true
    })
    await eventually(async () => isOver || (await hasCome()), 60_000)
    running.process.kill('SIGKILL')
    const { code, stderr } = await running.ended
    // a machine may be so slow to look that the moment is over
    t.ok(code === 'SIGKILL' || code === 0, `${name}: ${code} ${stderr}`)
    if (code === 'SIGKILL') kills += 1
    // the transaction that wrote the first account
    if (name === 'among the sessions') written = await first(to, 'select xmin from users where id = 1')
  }
  t.ok(kills >= 3, `${kills} were killed`)
  t.match(await line.latchkey('db', 'copy', '--to', to, '--finish'), { code: 0, stdout: /was moved/ })
  t.ok(written !== undefined)
  t.equal(await first(to, 'select xmin from users where id = 1'), written, 'what was done is not done again')
  t.equal(await writer.done, 'refused')
  await service.end('SIGTERM')

  const there = await startService(t, { ...line.environment, DATABASE_URL: to })
  t.strictSame(await findFaults(there, writer.members), [])
  for (const table of ['users', 'passwords', 'user_roles', 'sessions'])
    t.ok(Number(await first(to, `select count(*) from ${table}`)) >= (table === 'sessions' ? 16_000 : 8000), table)
}

if (!isLeftOut('postgres')) t.test('a copy that is killed goes on where it was, whatever it was about', killed)
