/** The database of a running service is deleted, or taken back, by a command that nobody thought twice about. */
import t from 'tap'
import { MIGRATION_NAMES } from '../../src/db/migrate.ts'
import { somebody } from '../support/app.ts'
import { commandLine } from '../support/command-line.ts'
import { call, startService } from '../support/service.ts'

const COMMANDS = [
  ['db', 'drop'],
  ['migrate', 'down'],
  ['migrate', 'down', '--all'],
] as const

t.test('while a service runs, its database is neither deleted nor taken back', async (t) => {
  const line = commandLine(t)
  const service = await startService(t, { ...line.environment, NODE_ENV: 'test' })
  const ada = somebody()
  t.equal((await call(`${service.api}/auth/register`, ada)).status, 201)
  for (const command of COMMANDS) {
    const refused = await line.latchkey(...command, '--yes')
    t.match(refused, { code: 1, stdout: '', stderr: /^latchkey: \S+ is in use: stop every process first\n$/ })
    const { username: identifier, password } = ada
    t.equal((await call(`${service.api}/auth/login`, { identifier, password })).status, 200)
    t.equal((await call(`${service.api}/auth/register`, somebody())).status, 201)
  }
  await service.end('SIGKILL')
  t.match(await line.latchkey('migrate', 'down', '--yes'), { code: 0, stdout: `done: ${MIGRATION_NAMES.at(-1)}\n` })
  t.match(await line.latchkey('migrate', 'down', '--all', '--yes'), { code: 0, stdout: /done: 0001-core\n$/ })
  t.match(await line.latchkey('db', 'drop', '--yes'), { code: 0, stdout: /^deleted / })
})

t.test('where nobody can be asked, nothing goes without --yes', async (t) => {
  const line = commandLine(t)
  t.equal((await line.latchkey('db', 'create')).code, 0)
  for (const command of COMMANDS) {
    const name = command.slice(0, 2).join(' ')
    const stderr = `latchkey: ${name} needs --yes where nobody can be asked\n`
    t.match(await line.start(command, {}, 'yes\n').ended, { code: 2, stdout: '', stderr })
  }
  t.match(await line.latchkey('migrate', 'up'), { code: 0, stdout: 'nothing to do\n' })
})
