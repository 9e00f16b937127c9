import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { isLeftOut } from '../support/app.ts'
import { PROJECT } from '../support/child.ts'
import { commandLine } from '../support/command-line.ts'
import { matchLists } from '../support/match.ts'
import { call, startService } from '../support/service.ts'

const MAKE_FILES = join(PROJECT, 'test/moving/make_files.py')

/** Who is in which file, with the password that the script gave them. */
const USERS = {
  'flask-jwt-demo.db': ['adaa', 'Grace.Hopper', 'zoë_1'].map((identifier) => ({
    identifier,
    password: `demo ${identifier}`,
  })),
  'python-jwt-template.csv': ['lin@example.org', 'Max@Example.org', 'josé@example.org'].map((identifier) => ({
    identifier,
    password: `template ${identifier}`,
  })),
  'flask-auth.db': ['carla', 'Carl', 'carlos'].map((identifier) => ({ identifier, password: `flask ${identifier}` })),
  'fastapi-auth.db': ['dora', 'dean'].map((identifier) => ({ identifier, password: `fastapi ${identifier}` })),
}

t.test('the users of all four systems sign in with their old passwords', { skip: isLeftOut('python') }, async (t) => {
  const { latchkey, folder, path, environment, withDatabase } = commandLine(t)
  execFileSync('/usr/bin/python3', [MAKE_FILES, folder])
  const hashesOf = () => withDatabase((db) => db.selectFrom('passwords').selectAll().orderBy('user_id').execute())
  const disabled = { identifier: 'dirk', password: 'fastapi dirk' }

  for (const file of Object.keys(USERS)) {
    const { code, stdout, stderr } = await latchkey('import', file, '--apply')
    t.strictSame([code, stderr], [0, ''], file)
    t.match(stdout, ` imported                             ${file === 'flask-jwt-demo.db' ? 4 : 3}\n`, file)
    const report = readFileSync(path(`${file}.report.jsonl`), 'utf8')
    t.notMatch(`${stdout}${report}`, /\$2b\$|\$pbkdf2/, 'no hash is shown')
  }
  const before = await hashesOf()
  t.equal(before.length, 12)
  t.ok(before.every(({ hash }) => /^\$(2b|pbkdf2-sha256)\$/.test(hash)))

  const { api } = await startService(t, environment)
  for (const person of Object.values(USERS).flat()) {
    const wrong = await call(`${api}/auth/login`, { ...person, password: `${person.password}!` })
    t.equal(wrong.status, 401, `${person.identifier} with a wrong password`)
    t.equal((await call(`${api}/auth/login`, person)).status, 200, person.identifier)
  }
  t.equal((await call(`${api}/auth/login`, disabled)).status, 403, 'who was shut out there is shut out here')
  t.equal((await call(`${api}/auth/login`, { identifier: 'cutshort', password: 'demo cutshort' })).status, 401)

  const after = await hashesOf()
  t.strictSame(after.filter(({ hash }) => !hash.startsWith('$argon2id$')).length, 1, 'all but the disabled one’s')
  t.equal(after.filter(({ weak_format }) => weak_format !== null).length, 1)
  for (const person of Object.values(USERS).flat()) {
    t.equal((await call(`${api}/auth/login`, person)).status, 200, `${person.identifier} once more`)
  }

  const roles = await call<{ access_token: string }>(`${api}/auth/login`, USERS['python-jwt-template.csv'][1])
  const me = await call(`${api}/users/me`, undefined, { authorization: `Bearer ${roles.body.access_token}` })
  matchLists(t, me.body, { name: 'Max', roles: ['admin', 'user'], email: 'Max@Example.org', email_verified: false })

  for (const file of [...Object.keys(USERS), 'python-jwt-template.jsonl']) {
    t.match((await latchkey('import', file, '--apply')).stdout, / imported {29}0\n/, `${file} a second time`)
  }
  t.strictSame(await hashesOf(), after, 'the new hashes stay')
})

/** How the clients of each system log in, and where they find the token in the answer. */
const DIALECTS = {
  'flask-jwt-demo.db': { url: '/authenticate_user', member: 'username', token: 'access_token' },
  'python-jwt-template.csv': { url: '/auth/login', member: 'email', token: 'jwt_token' },
  'flask-auth.db': { url: '/auth/login', member: 'identifier', token: 'access_token' },
  'fastapi-auth.db': { url: '/api/v1/auth/login', member: 'identifier', token: 'access_token' },
}

t.test('clients of all four systems log in as they always did', { skip: isLeftOut('python') }, async (t) => {
  const { latchkey, folder, environment, withDatabase } = commandLine(t)
  execFileSync('/usr/bin/python3', [MAKE_FILES, folder])
  for (const file of Object.keys(USERS)) await latchkey('import', file, '--apply')
  const { api } = await startService(t, environment)
  const base = api.replace('/api/v1', '')
  for (const [file, people] of Object.entries(USERS)) {
    const { url, member, token } = DIALECTS[file as keyof typeof USERS]
    for (const { identifier, password } of people) {
      const login = (typed: string) => call(`${base}${url}`, { [member]: identifier, password: typed })
      t.equal((await login(`${password}!`)).status, 401, `${identifier} with a wrong password`)
      for (const time of ['once', 'twice']) {
        const { status, body } = await login(password)
        t.equal(status, 200, `${identifier} ${time}`)
        t.type(body[token], 'string')
      }
    }
  }
  const hashes = await withDatabase((db) => db.selectFrom('passwords').select('hash').execute())
  t.equal(hashes.filter(({ hash }) => hash.startsWith('$argon2id$')).length, Object.values(USERS).flat().length)
})

t.test('numbers that clients know are kept', { skip: isLeftOut('python') }, async (t) => {
  const { latchkey, folder, withDatabase } = commandLine(t)
  execFileSync('/usr/bin/python3', [MAKE_FILES, folder])
  await latchkey('import', 'flask-jwt-demo.db', '--apply', '--from', 'flask-jwt-demo')
  const rows = await withDatabase((db) => db.selectFrom('users').select(['id', 'username']).orderBy('id').execute())
  t.strictSame(rows, [
    { id: 1, username: 'adaa' },
    { id: 2, username: 'Grace.Hopper' },
    { id: 3, username: 'zoë_1' },
    { id: 12, username: 'cutshort' },
  ])
})
