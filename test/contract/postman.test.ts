/** The Postman collection: written out of `openapi.yaml`, complete, and green over a service on a real port. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { operationsOf } from '../../plugins/openapi-document.ts'
import { readContract } from '../../scripts/contract/read.ts'
import { buildCollection, idOf } from '../../scripts/postman/collection.ts'
import type { Collection } from '../../scripts/postman/convert.ts'
import { RUNS } from '../../scripts/postman/runs.ts'
import { COLLECTION, collectionFile } from '../../scripts/postman/write.ts'
import { testEnvironment } from '../support/app.ts'
import { emptyFolder, PROJECT, startChild } from '../support/child.ts'
import { runNewman, UNSENT } from '../support/newman.ts'
import { startService } from '../support/service.ts'

const operations = [readContract('main'), readContract('compat')]
  .flatMap(operationsOf)
  .map(([, operation]) => operation)
const file = readFileSync(COLLECTION, 'utf8')
const ADMIN = { admin_username: 'root', admin_password: 'a password for an admin' }

/** A service on a new database, and the admin that its command line made. */
async function startWithAdmin(t: Test): Promise<string> {
  const environment = testEnvironment(t)
  const { ended } = startChild(t, {
    args: [
      join(PROJECT, 'src/cli.ts'),
      ...['admin', 'create', '--username', ADMIN.admin_username, '--email', 'root@example.org'],
    ],
    cwd: emptyFolder(t),
    env: environment,
    input: ADMIN.admin_password,
  })
  const { code, stderr } = await ended
  if (code !== 0) throw new Error(`no admin was made: ${stderr}`)
  const { api } = await startService(t, environment)
  return api.replace('/api/v1', '')
}

/** The name of an operation, and what to do about it where it has no green run. */
function explain(operationId: string, trouble: string): string {
  if (trouble === '') return operationId
  return operationId in RUNS
    ? `${operationId}: either it breaks the contract, or its entry in scripts/postman/runs.ts is wrong`
    : `${operationId} has no green run with the contract’s examples: give it an entry in scripts/postman/runs.ts`
}

t.test('the collection in docs/ is what the contracts give, to the byte; "npm run postman" writes it', async (t) => {
  t.equal(file, await collectionFile(), '`npm run postman` writes the collection anew')
})

t.test('every operation is in the collection exactly once, in the folder of its tag', async (t) => {
  const { item: folders } = JSON.parse(file) as Collection
  const places = folders.flatMap(({ name, item }) => item.map(({ id }) => `${name} ${id}`))
  t.strictSame(
    places.toSorted(),
    operations.map(({ tags, operationId }) => `${tags?.[0]} ${idOf(operationId)}`).toSorted(),
  )
})

t.test('every entry of the table is about an operation of the contract', async (t) => {
  const known = new Set(operations.map(({ operationId }) => operationId))
  t.strictSame(
    Object.keys(RUNS).filter((operationId) => !known.has(operationId)),
    [],
    'scripts/postman/runs.ts',
  )
})

t.test('newman runs the whole collection green, twice on one service', async (t) => {
  const baseUrl = await startWithAdmin(t)
  for (const turn of ['first', 'second']) {
    const outcome = await runNewman(t, fileURLToPath(COLLECTION), { baseUrl, ...ADMIN })
    for (const { operationId } of operations) {
      const trouble = outcome.trouble(idOf(operationId))
      t.equal(trouble, '', `${turn} run: ${explain(operationId, trouble)}`)
    }
    t.strictSame(outcome.failures, [], `${turn} run`)
    t.equal(outcome.code, 0, `${turn} run`)
  }
})

t.test('without an admin’s password only what needs an admin is skipped, and nothing fails', async (t) => {
  const baseUrl = await startWithAdmin(t)
  const { code, failures, trouble } = await runNewman(t, fileURLToPath(COLLECTION), { baseUrl })
  for (const { operationId } of operations)
    t.equal(trouble(idOf(operationId)), RUNS[operationId]?.as === 'admin' ? UNSENT : '', operationId)
  t.strictSame({ code, failures }, { code: 0, failures: [] })
})

t.test('a service that breaks its contract does not pass', async (t) => {
  const contract = readContract()
  const { User: user } = contract.components.schemas
  if (user) Object.assign(user, { required: ['shoe_size'] })
  const broken = join(emptyFolder(t), 'broken.json')
  writeFileSync(broken, JSON.stringify(await buildCollection(contract)))
  const outcome = await runNewman(t, broken, { baseUrl: await startWithAdmin(t), ...ADMIN })
  t.equal(outcome.code, 1)
  t.match(outcome.trouble(idOf('getMe')), /^fits the contract: .*shoe_size/s)
  t.equal(outcome.trouble(idOf('getHealth')), '')
})

t.test(
  'an operation that nobody described for the run is in the collection, with the contract’s examples',
  async (t) => {
    const contract = readContract()
    const { post } = contract.paths['/api/v1/auth/login'] ?? {}
    if (!post) throw new Error('there is no login')
    contract.paths['/api/v1/auth/knock'] = { post: { ...post, operationId: 'knock', summary: 'Knock' } }
    const { item: folders } = await buildCollection(contract)
    const last = folders.find(({ name }) => name === 'auth')?.item.at(-1)
    t.equal(last?.id, idOf('knock'))
    t.strictSame(JSON.parse(last?.request.body?.raw ?? ''), {
      identifier: 'ada.lovelace',
      password: 'correct horse battery staple',
    })
  },
)

t.test('a tag that no operation has gets no folder', async (t) => {
  const contract = readContract()
  contract.tags?.push({ name: 'Nothing' })
  const { item: folders } = await buildCollection(contract)
  t.notOk(folders.some(({ name }) => name === 'Nothing'))
})
