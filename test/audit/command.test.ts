import { readFileSync } from 'node:fs'
import t from 'tap'
import { registerSomebody, somebody, startApp, testClock } from '../support/app.ts'
import { commandLine } from '../support/command-line.ts'

t.test('audit verify says that all is well, or names the row and fails', async (t) => {
  const { latchkey, path, withDatabase, start } = commandLine(t, { AUDIT_CHECKPOINTS: 'checkpoints' })
  const { username, email, password } = somebody()
  const create = ['admin', 'create', '--username', username, '--email', email]
  t.match(await start(create, {}, `${password}\n`).ended, { code: 0, stderr: '' })
  t.strictSame(await latchkey('audit', 'verify'), {
    code: 0,
    stdout: '2 events verified, numbers 1 to 2; 0 wait for their number; 1 checkpoints\n',
    stderr: '',
  })
  const lines = readFileSync(path('checkpoints'), 'utf8').trim().split('\n')
  t.match(JSON.parse(lines.at(-1) ?? ''), { seq: 2, pruned_seq: 0 })

  const id = await withDatabase(async (db) => {
    await db.updateTable('audit_events').set({ subject: 'somebody else' }).where('seq', '=', 2).execute()
    return (await db.selectFrom('audit_events').select('id').where('seq', '=', 2).executeTakeFirstOrThrow()).id
  })
  t.match(await latchkey('audit', 'verify'), {
    code: 1,
    stderr: `latchkey: ${id} was altered, or inserted by somebody else\n`,
  })
  await withDatabase((db) => db.deleteFrom('audit_events').execute())
  await withDatabase((db) => db.deleteFrom('audit_checkpoints').execute())
  t.match(await latchkey('audit', 'verify', '--checkpoints', 'checkpoints'), {
    code: 1,
    stderr: 'latchkey: events 1 to 2 are missing at the end\n',
  })
})

t.test('users erase deletes a person by user name, address or id, and not without being told to', async (t) => {
  const { latchkey, environment } = commandLine(t)
  const app = await startApp(t, environment, testClock())
  const [ada, bob, eve] = [await registerSomebody(app), await registerSomebody(app), await registerSomebody(app)]
  const { uid } = await app.db
    .selectFrom('users')
    .select('uid')
    .where('username', '=', eve.username)
    .executeTakeFirstOrThrow()
  t.match(await latchkey('users', 'erase', uid), { code: 2, stderr: /needs --yes/ })
  for (const identifier of [ada.username, bob.email, uid])
    t.match(await latchkey('users', 'erase', identifier, '--yes'), {
      code: 0,
      stdout: /^erased; in the audit log it is /,
    })
  t.strictSame(await app.db.selectFrom('users').selectAll().execute(), [])
  t.match(await latchkey('users', 'erase', uid, '--yes'), { code: 1, stderr: /There is no such user/ })
})
