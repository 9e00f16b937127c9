/** People whose passwords another system stored sign in, and what is stored of them afterwards. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { judgeHash } from '../../src/passwords/formats/index.ts'
import {
  onEachStore,
  type Person,
  post,
  registerAdmin,
  registerSomebody,
  startApp,
  type TestApp,
} from '../support/app.ts'

interface Vector {
  format: string
  password: string
  hash: string
}

const file = readFileSync(new URL('../vectors/hashes.json', import.meta.url), 'utf8')
const { vectors }: { vectors: Vector[] } = JSON.parse(file)

/** What the foreign tools made of a password with letters of many scripts, once for each format. */
const ACCENTED = vectors.filter(({ password }) => password.includes('Grüße'))
const EACH_FORMAT = [...new Map(ACCENTED.map((vector) => [vector.format, vector])).values()]

const PLAIN = 'correct horse battery staple'
const plainHash = (format: string) =>
  vectors.find((vector) => vector.format === format && vector.password === PLAIN)?.hash ?? ''

const userId = (app: TestApp, username: string) =>
  app.db.selectFrom('users').select('id').where('username', '=', username)

/** Somebody whose password is what an import would have stored. */
async function importSomebody(app: TestApp, hash: string): Promise<Person> {
  const person = await registerSomebody(app)
  const { format = null, weak } = judgeHash(hash) ?? {}
  const row = { hash, weak_format: weak ? format : null }
  await app.db.updateTable('passwords').set(row).where('user_id', '=', userId(app, person.username)).execute()
  return person
}

const stored = (app: TestApp, username: string) =>
  app.db
    .selectFrom('passwords')
    .select(['hash', 'weak_format'])
    .where('user_id', '=', userId(app, username))
    .executeTakeFirstOrThrow()

const signIn = (app: TestApp, identifier: string, password: string) =>
  post(app, '/auth/login', { identifier, password })

const OURS = /^\$argon2id\$v=19\$m=1024,t=1,p=1\$/

t.test('whoever moved in signs in with the old password, and argon2id takes the place of the old hash', (t) =>
  onEachStore(t, async (t, environment) => {
    const app = await startApp(t, environment)
    t.equal(EACH_FORMAT.length, 14)
    for (const { format, password, hash } of EACH_FORMAT) {
      const { username } = await importSomebody(app, hash)
      t.equal((await signIn(app, username, `${password}!`)).statusCode, 401, `${format}: a wrong password`)
      t.equal((await stored(app, username)).hash, hash, `${format}: which changes nothing`)
      t.equal((await signIn(app, username, password)).statusCode, 200, format)
      const renewed = await stored(app, username)
      t.match(renewed.hash, OURS, format)
      t.equal(renewed.weak_format, null, format)
      t.equal((await signIn(app, username, password)).statusCode, 200, `${format}: a second time`)
      t.equal((await signIn(app, username, password.normalize('NFC'))).statusCode, 200, `${format}: normalised now`)
      t.equal((await signIn(app, username, `${password}!`)).statusCode, 401, `${format}: still a wrong password`)
      t.strictSame(await stored(app, username), renewed, `${format}: it is not replaced again`)
    }
  }),
)

t.test('people who sign in many times at once are all let in', async (t) => {
  const app = await startApp(t)
  for (const format of ['bcrypt', 'md5-crypt', 'sha512-crypt', 'ldap-sha', 'pbkdf2-django']) {
    const { username } = await importSomebody(app, plainHash(format))
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, index) => signIn(app, username, index % 4 === 3 ? 'a wrong password' : PLAIN)),
    )
    const statuses = answers.map(({ statusCode }) => statusCode)
    t.strictSame(
      statuses,
      Array.from({ length: 12 }, (_, index) => (index % 4 === 3 ? 401 : 200)),
      format,
    )
    t.match((await stored(app, username)).hash, OURS, format)
  }
})

t.test('a weak format is marked until a hash of ours takes its place, whoever sets it', async (t) => {
  const app = await startApp(t)
  const admin = await registerAdmin(app)
  const ada = await importSomebody(app, plainHash('md5-crypt'))
  t.equal((await stored(app, ada.username)).weak_format, 'md5-crypt')
  const change = (current_password: string) =>
    post(app, '/users/me/password', { current_password, new_password: 'a quite different phrase' }, ada.authorization)
  t.equal((await change('a wrong password')).json().code, 'current_password_wrong')
  t.equal((await stored(app, ada.username)).weak_format, 'md5-crypt')
  t.equal((await change(PLAIN)).statusCode, 204)
  t.match(await stored(app, ada.username), { hash: OURS, weak_format: null })

  const bob = await importSomebody(app, plainHash('ldap-sha'))
  const { uid } = await userId(app, bob.username).clearSelect().select('uid').executeTakeFirstOrThrow()
  const payload = { password: 'what the admin says' }
  await app.inject({ method: 'PUT', url: `/api/v1/users/${uid}`, payload, headers: admin.authorization })
  t.match(await stored(app, bob.username), { hash: OURS, weak_format: null })
})

t.test('what no format recognises is no password, whatever it looks like', async (t) => {
  const app = await startApp(t)
  const hashes = [
    '',
    '*',
    '!',
    PLAIN,
    '$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7',
    '$argon2id$v=19$m=1024,t=1,p=1$',
    '$argon2id$v=19$m=1024,t=1,p=1$c2FsdHNhbHQ$nothing',
    `$2b$17$${'a'.repeat(53)}`,
    `$pbkdf2-sha256$4000000000$${'A'.repeat(22)}$${'A'.repeat(43)}`,
  ]
  for (const hash of hashes) {
    const { username, authorization } = await importSomebody(app, hash)
    t.equal((await signIn(app, username, PLAIN)).json().code, 'invalid_credentials', hash)
    const change = { current_password: PLAIN, new_password: 'a quite different phrase' }
    t.equal((await post(app, '/users/me/password', change, authorization)).json().code, 'current_password_wrong', hash)
    t.equal((await stored(app, username)).hash, hash)
  }
})

t.test('the service answers others while it computes what only JavaScript can', async (t) => {
  const app = await startApp(t)
  const { username } = await importSomebody(app, `$6$rounds=300000$salt$${'a'.repeat(86)}`)
  const order: string[] = []
  const slow = signIn(app, username, PLAIN).then(({ statusCode }) => order.push(`login ${statusCode}`))
  for (let round = 0; round < 5; round += 1) {
    await new Promise((resolve) => setImmediate(resolve))
    order.push(`health ${(await app.inject({ url: '/health/live' })).statusCode}`)
  }
  await slow
  t.strictSame(order, [...Array.from({ length: 5 }, () => 'health 200'), 'login 401'])
})

t.test('another system’s argon2id with our parameters counts as it was typed there', async (t) => {
  const [hash, accented] = [ACCENTED.find((vector) => vector.hash.startsWith('$argon2id$'))?.hash ?? '', ACCENTED[0]]
  t.match(hash, '$m=1024,t=2,p=2$')
  const app = await startApp(t, { ARGON2_TIME: '2', ARGON2_PARALLELISM: '2' })
  const { username } = await importSomebody(app, hash)
  t.equal((await signIn(app, username, accented?.password ?? '')).statusCode, 200)
  t.equal((await signIn(app, username, 'a wrong password')).statusCode, 401)
})
