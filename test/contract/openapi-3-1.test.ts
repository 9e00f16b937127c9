/** `/openapi-3.1.json`: valid, and the same as the contract in 3.0.3. */
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { readContract } from '../../scripts/contract/read.ts'
import { startApp } from '../support/app.ts'
import { emptyFolder, PROJECT } from '../support/child.ts'

type Node = Record<string, unknown>

/** What a document says, with every reference replaced by what it refers to; the contract has no schema that holds itself. */
function resolved(root: Node, node: unknown = root): unknown {
  if (Array.isArray(node)) return node.map((each) => resolved(root, each))
  if (typeof node !== 'object' || node === null) return node
  const { $ref, ...rest } = node as Node
  if (typeof $ref === 'string') {
    const target = $ref
      .split('/')
      .slice(1)
      .reduce<unknown>((at, step) => (at as Node)[step], root)
    return resolved(root, target)
  }
  return Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, resolved(root, value)]))
}

/** Schemas of 3.1 have their example in a list; nothing else has a list of that name. */
const inWordsOf30 = (text: string): Node =>
  JSON.parse(text, (_key, value) => {
    if (!Array.isArray(value?.examples)) return value
    const { examples, ...others } = value
    return { ...others, example: examples[0] }
  })

t.test('it says what the contract says, once all references are followed', async (t) => {
  const app = await startApp(t)
  const { headers, body } = await app.inject({ url: '/openapi-3.1.json' })
  t.equal(headers['content-type'], 'application/json; charset=utf-8')
  const [older, newer] = [readContract() as unknown as Node, inWordsOf30(body)]
  t.equal(newer['openapi'], '3.1.0')
  t.strictSame(resolved({ ...newer, openapi: '3.0.3' }), resolved(older))
})

t.test('it is in the words of 3.1, and a linter finds nothing in it', async (t) => {
  const app = await startApp(t)
  const { body } = await app.inject({ url: '/openapi-3.1.json' })
  const { components } = JSON.parse(body)
  t.ok(Array.isArray(components.schemas.Problem.properties.status.examples))
  t.notOk('example' in components.schemas.Problem.properties.status)
  const file = join(emptyFolder(t), 'openapi-3.1.json')
  writeFileSync(file, body)
  const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' }
  const lint = ['node_modules/.bin/redocly', 'lint', file, '--config=redocly.yaml', '--format=json']
  const { stdout } = await promisify(execFile)(process.execPath, lint, { env, cwd: PROJECT })
  t.match(JSON.parse(stdout).totals, { errors: 0, warnings: 0, ignored: 0 })
})
