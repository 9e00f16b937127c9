/** `openapi.yaml`: written by the code, complete, and free of what the tools behind it leave lying about. */
import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import { type Document, type Media, operationsOf } from '../../plugins/openapi-document.ts'
import { startApp } from '../support/app.ts'

const file = readFileSync(new URL('../../openapi.yaml', import.meta.url), 'utf8')
const document = parse(file) as Document
const operations = operationsOf(document)

t.test('openapi.yaml is what the code makes, to the byte; "npm run openapi" writes it', async (t) => {
  const app = await startApp(t)
  t.equal(app.swagger({ yaml: true }), file)
})

t.test('the running service serves that same document, as YAML and as JSON', async (t) => {
  const app = await startApp(t)
  const yaml = await app.inject({ url: '/openapi.yaml' })
  t.equal(yaml.headers['content-type'], 'application/yaml; charset=utf-8')
  t.equal(yaml.body, file)
  t.strictSame((await app.inject({ url: '/openapi.json' })).json(), document)
})

t.test('readers of YAML 1.1 and of YAML 1.2 see the same document', async (t) => {
  t.strictSame(parse(file, { version: '1.1' }), document)
})

t.test(
  'every operation has a name of its own, a summary, a description, tags of the list and its security',
  async (t) => {
    const tags = new Set(document.tags?.map((tag) => (tag as { name: string }).name))
    const names = new Set<string>()
    t.ok(operations.length > 50)
    for (const [method, operation] of operations) {
      const { operationId, summary, description, tags: own = [], security } = operation
      t.notOk(names.has(operationId), `${operationId} is the only one of its name`)
      names.add(operationId)
      t.match(operationId, /^[a-z][A-Za-z]+$/, `${method} ${operationId}`)
      t.ok(summary && description && own.length > 0 && security, `${operationId} is described`)
      t.ok(
        own.every((tag) => tags.has(tag)),
        `${operationId} has known tags`,
      )
    }
  },
)

t.test('no description says one thing twice', async (t) => {
  for (const [, { operationId, description = '' }] of operations) {
    const paragraphs = description.split('\n\n')
    t.equal(new Set(paragraphs).size, paragraphs.length, operationId)
  }
})

const ajv = new Ajv({ strict: false, validateSchema: false })
addFormats.default(ajv)
ajv.addSchema(document, 'contract')

/** The examples of a body, looked up where they are mentioned by name. */
function examplesOf({ example, examples = {} }: Media): unknown[] {
  const named = Object.values(examples).map((each) =>
    '$ref' in each ? document.components.examples[each.$ref.split('/').at(-1) ?? '']?.value : each.value,
  )
  return example === undefined ? named : [example, ...named]
}

function checkBody(t: Test, where: string, content: Record<string, Media> = {}): void {
  for (const [type, media] of Object.entries(content)) {
    const examples = examplesOf(media)
    t.ok(examples.length > 0, `${where} has an example`)
    const schema = JSON.parse(JSON.stringify(media.schema).replaceAll('"#/', '"contract#/'))
    for (const example of examples) t.ok(ajv.validate(schema, example), `${where}, ${type}: ${ajv.errorsText()}`)
  }
}

t.test('every body has an example, and every example fits its schema', async (t) => {
  for (const [, { operationId, requestBody, responses }] of operations) {
    checkBody(t, `the body of ${operationId}`, requestBody?.content)
    for (const [status, { content }] of Object.entries(responses)) checkBody(t, `${operationId} ${status}`, content)
  }
  for (const [name, { content }] of Object.entries(document.components.responses)) checkBody(t, name, content)
})

t.test('answers without a body have no content, all others have one', async (t) => {
  for (const [, { operationId, responses }] of operations) {
    for (const [status, { $ref, content }] of Object.entries(responses)) {
      t.equal($ref === undefined && content === undefined, ['204', '304'].includes(status), `${operationId} ${status}`)
    }
  }
})

t.test('problems and path parameters stand in the document once and are mentioned by name', async (t) => {
  for (const [, { operationId, parameters = [], responses }] of operations) {
    for (const parameter of parameters) t.not(parameter.in, 'path', operationId)
    for (const [status, { $ref, content }] of Object.entries(responses)) {
      // dialects word their refusals themselves, in a named schema of their own
      const own = content?.['application/json']?.schema?.$ref
      if (Number(status) >= 400 && !own)
        t.match($ref, /^#\/components\/responses\/[A-Za-z]+$/, `${operationId} ${status}`)
    }
  }
})

t.test('nothing is left in it that OpenAPI 3.0 does not know', async (t) => {
  for (const [what, pattern] of Object.entries({
    'a bare time, which YAML 1.1 takes for a date': /: \d{4}-\d\d-\d\dT/,
    'a YAML anchor': /[:-] [&*]\w+$/m,
    'a schema without a name': /\bdef-\d/,
    'a keyword of JSON Schema': /^ *(\$id|\$schema|const|nullable|patternProperties|codes):/m,
    'the type null': /type: "?null/,
    'a list of types': /type:\n +- /,
    'a format of our own': /format: (?!date-time|email|password|uuid)/,
  })) {
    t.notMatch(file, pattern, what)
  }
})
