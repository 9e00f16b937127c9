/** Nobody has a user name that people would take for somebody else's, or for the service's own. */
import t from 'tap'
import { fillSkeletons, isMixed } from '../../src/accounts/look-alike.ts'
import { OPERATOR } from '../../src/audit/actor.ts'
import { inChunks } from '../../src/db/chunks.ts'
import type { Db } from '../../src/db/open.ts'
import { finishUpgrade } from '../../src/operation/upgrade.ts'
import { post, registerAdmin, registerSomebody, somebody, startApp, type TestApp } from '../support/app.ts'
import { eventually } from '../support/wait.ts'

const register = (app: TestApp, username: string) => post(app, '/auth/register', somebody({ username }))

/** Names to be refused beside the one that somebody has. */
const IMITATIONS: readonly (readonly [name: string, imitation: string, what: string])[] = [
  ['peace', 'реасе', 'Cyrillic throughout'],
  ['scope', 'ѕсоре', 'Cyrillic for Latin'],
  ['ονο', 'ovo', 'Latin for Greek'],
  ['müller', 'rnüller', 'two letters that look like one'],
]

t.test('a name that looks like another one is taken, whichever of the two came first', async (t) => {
  for (const [name, imitation, what] of IMITATIONS) {
    for (const [first, second] of [
      [name, imitation],
      [imitation, name],
    ] as const) {
      const app = await startApp(t)
      t.equal((await register(app, first)).statusCode, 201, `${first}: ${what}`)
      const refused = await register(app, second)
      t.equal(refused.statusCode, 409, `${second} beside ${first}`)
      t.equal(refused.json().code, 'username_taken')
    }
  }
})

t.test('letters of scripts that nobody writes together are no name', async (t) => {
  const app = await startApp(t)
  for (const name of ['pаypal', 'mιcro', 'аlice.b', 'Аdа-Lovelace'])
    t.equal((await register(app, name)).json().code, 'username_taken', name)
  for (const name of ['東京tower', 'タナカtaro', '김철수.kim', 'јован', 'Ærøskøbing', 'دانيال', 'user_1', 'Zoë'])
    t.equal((await register(app, name)).statusCode, 201, name)
  t.notOk(isMixed('ᏣᎳᎩ'), 'a script that few write in is one script')
})

t.test(
  'names that imitate the service’s own are taken; names of ASCII are not compared with one another',
  async (t) => {
    const app = await startApp(t)
    for (const name of ['supp0rt', 'аdmin', 'r00t', 'ѕуѕтем']) {
      const { statusCode } = await register(app, name)
      t.equal(statusCode, name === 'ѕуѕтем' ? 201 : 409, name)
    }
    t.equal((await register(app, 'bill1')).statusCode, 201)
    t.equal((await register(app, 'billl')).statusCode, 201)
  },
)

t.test('a change of one’s name is held against others’, by admins too, and against one’s own it is not', async (t) => {
  const app = await startApp(t)
  await register(app, 'scope')
  const person = await registerSomebody(app, { username: 'müller' })
  const admin = await registerAdmin(app)
  const put = (path: string, username: string, headers: Record<string, string>) =>
    app.inject({ method: 'PUT', url: `/api/v1/users/${path}`, payload: { username }, headers })
  t.equal((await put('me', 'ѕсоре', person.authorization)).statusCode, 409)
  t.equal((await put('me', 'rnüller', person.authorization)).statusCode, 200, 'one’s own')
  const { id } = (await app.inject({ url: '/api/v1/users/me', headers: person.authorization })).json()
  t.equal((await put(id, 'ѕсоре', admin.authorization)).statusCode, 409)
})

t.test('accounts of before stay as they are, and count once this version has looked at them', async (t) => {
  const app = await startApp(t)
  await register(app, 'scope')
  await app.db.updateTable('users').set({ username_skeleton: null }).execute()
  await fillSkeletons(app.db, 'missing')
  const rows = await app.db.selectFrom('users').select('username_skeleton').execute()
  t.ok(rows.length > 0 && rows.every(({ username_skeleton }) => username_skeleton !== null))
  t.equal((await register(app, 'ѕсоре')).statusCode, 409)
})

t.test('a name that an older version gave counts once the upgrade is finished', async (t) => {
  const app = await startApp(t)
  await register(app, 'scope')
  await register(app, 'cocos')
  // as a node of 0.1.0 writes it, which knows no skeletons
  const renamed = { username: 'peace', username_key: 'peace' }
  await app.db.updateTable('users').set(renamed).where('username', '=', 'scope').execute()
  await app.db.updateTable('users').set({ username_skeleton: null }).where('username', '=', 'cocos').execute()
  await finishUpgrade(app, OPERATOR)
  t.equal((await register(app, 'реасе')).statusCode, 409, 'the new one is imitated')
  t.equal((await register(app, 'сосоѕ')).statusCode, 409)
  t.equal((await register(app, 'ѕсоре')).statusCode, 201, 'nobody has the one of before')
})

const MANY = 5000

/** Accounts as an older version leaves them. */
async function addMany(db: Db): Promise<void> {
  const rows = Array.from({ length: MANY }, (_, number) => {
    const name = `old${number}`
    return { uid: name, username: name, username_key: name, created_at: 1, updated_at: 1 }
  })
  for (const chunk of inChunks(rows)) await db.insertInto('users').values(chunk).execute()
}

async function countLeft(db: Db): Promise<number> {
  const left = db.selectFrom('users').where('username_skeleton', 'is', null)
  return Number((await left.select(({ fn }) => fn.countAll().as('count')).executeTakeFirstOrThrow()).count)
}

t.test('neither a command nor the end of the service waits until all accounts were looked at', async (t) => {
  const watching = await startApp(t)
  await addMany(watching.db)
  const command = await startApp(t, watching.environment)
  await command.close()
  t.equal(await countLeft(watching.db), MANY, 'a command looks at none')
  const service = await startApp(t, watching.environment)
  await service.listen({ port: 0, host: '127.0.0.1' })
  await eventually(async () => (await countLeft(watching.db)) < MANY)
  await service.close()
  t.ok((await countLeft(watching.db)) > 0, 'a service that ends leaves the rest')
  await watching.listen({ port: 0, host: '127.0.0.1' })
  await eventually(async () => (await countLeft(watching.db)) === 0)
})
