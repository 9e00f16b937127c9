/** `openapi.yaml` and `openapi-compat.yaml`: written by the code, complete, and free of what the tools behind it leave lying about. */
import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import type { ContractName } from '../../plugins/openapi-contracts.ts'
import { type Document, type Media, type Operation, operationsOf } from '../../plugins/openapi-document.ts'
import { CONTRACT_FILES, contractFile } from '../../scripts/contract/read.ts'
import { startApp } from '../support/app.ts'

interface Contract {
  name: ContractName
  /** its text */
  file: string
  document: Document
  operations: [method: string, operation: Operation][]
}

const CONTRACTS: readonly Contract[] = (['main', 'compat'] as const).map((name) => {
  const file = contractFile(name)
  const document = parse(file) as Document
  return { name, file, document, operations: operationsOf(document) }
})

/** Tests each of them. */
function onEach(title: string, check: (t: Test, contract: Contract) => Promise<void>): void {
  for (const contract of CONTRACTS) t.test(`${CONTRACT_FILES[contract.name]}: ${title}`, (t) => check(t, contract))
}

const ajv = new Ajv({ strict: false, validateSchema: false })
addFormats.default(ajv)
for (const { name, document } of CONTRACTS) ajv.addSchema(document, name)

/** The examples of a body, looked up where they are mentioned by name. */
function examplesOf({ example, examples = {} }: Media, document: Document): unknown[] {
  const named = Object.values(examples).map((each) =>
    '$ref' in each ? document.components.examples[each.$ref.split('/').at(-1) ?? '']?.value : each.value,
  )
  return example === undefined ? named : [example, ...named]
}

function checkBody(t: Test, { name, document }: Contract, where: string, content: Record<string, Media> = {}): void {
  for (const [type, media] of Object.entries(content)) {
    const examples = examplesOf(media, document)
    t.ok(examples.length > 0, `${where} has an example`)
    const schema = JSON.parse(JSON.stringify(media.schema).replaceAll('"#/', `"${name}#/`))
    for (const example of examples) t.ok(ajv.validate(schema, example), `${where}, ${type}: ${ajv.errorsText()}`)
  }
}

onEach('it is what the code makes, to the byte; "npm run openapi" writes it', async (t, { name, file }) => {
  const app = await startApp(t)
  t.equal(app.contracts[name]?.yaml(), file)
})

onEach('the running service serves that same document, as YAML and as JSON', async (t, { name, file, document }) => {
  const app = await startApp(t)
  const yaml = await app.inject({ url: `/${CONTRACT_FILES[name]}` })
  t.equal(yaml.headers['content-type'], 'application/yaml; charset=utf-8')
  t.equal(yaml.body, file)
  t.strictSame((await app.inject({ url: `/${CONTRACT_FILES[name].replace('yaml', 'json')}` })).json(), document)
})

onEach('readers of YAML 1.1 and of YAML 1.2 see the same document', async (t, { file, document }) => {
  t.strictSame(parse(file, { version: '1.1' }), document)
})

onEach(
  'every operation has a name of its own, a summary, a description, tags of the list and its security',
  async (t, { name, document, operations }) => {
    const tags = new Set(document.tags?.map((tag) => (tag as { name: string }).name))
    const names = new Set<string>()
    t.ok(operations.length > { main: 40, compat: 10 }[name])
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

/** What generated clients call their classes. */
const CLASSES: Readonly<Record<ContractName, readonly string[]>> = {
  main: 'account audit auth email health invitations keys passwords sessions users'.split(' '),
  compat: ['flask-auth', 'flask-jwt-demo', 'python-jwt-template'],
}

onEach(
  'its tags are the known classes, in order, and each operation has one',
  async (t, { name, document, operations }) => {
    t.strictSame(
      document.tags?.map((tag) => (tag as { name: string }).name),
      CLASSES[name],
    )
    for (const [, { operationId, tags = [] }] of operations) t.equal(tags.length, 1, operationId)
    t.strictSame(Object.keys(document.info.contact), ['name', 'url', 'email'])
  },
)

onEach('no description says one thing twice', async (t, { operations }) => {
  for (const [, { operationId, description = '' }] of operations) {
    const paragraphs = description.split('\n\n')
    t.equal(new Set(paragraphs).size, paragraphs.length, operationId)
  }
})

onEach('every body has an example, and every example fits its schema', async (t, contract) => {
  const { document, operations } = contract
  for (const [, { operationId, requestBody, responses }] of operations) {
    checkBody(t, contract, `the body of ${operationId}`, requestBody?.content)
    for (const [status, { content }] of Object.entries(responses))
      checkBody(t, contract, `${operationId} ${status}`, content)
  }
  for (const [name, { content }] of Object.entries(document.components.responses)) checkBody(t, contract, name, content)
})

onEach(
  'every example has a summary, and every parameter an example that fits',
  async (t, { name, document, operations }) => {
    const ofBodies = operations.flatMap(([, { requestBody, responses }]) =>
      [requestBody, ...Object.values(responses)].flatMap((body) => Object.values(body?.content ?? {})),
    )
    const inline = ofBodies.flatMap(({ examples = {} }) => Object.values(examples)).filter((each) => 'value' in each)
    for (const { summary, value } of [...inline, ...Object.values(document.components.examples)])
      t.match(summary, /^\p{Lu}/u, JSON.stringify(value))
    const ofOperations = operations.flatMap(([, { parameters = [] }]) => parameters).filter(({ $ref }) => !$ref)
    for (const { name: parameter, example, schema } of [
      ...ofOperations,
      ...Object.values(document.components.parameters),
    ]) {
      t.not(example, undefined, parameter)
      const local = JSON.parse(JSON.stringify(schema).replaceAll('"#/', `"${name}#/`))
      t.ok(ajv.validate(local, example), `${parameter}: ${ajv.errorsText()}`)
    }
  },
)

onEach('what a refusal is described by can stand as the message of an error', async (t, { document, operations }) => {
  const answers = operations.flatMap(([, { responses }]) => Object.entries(responses))
  const refusals = answers.filter(([status, { $ref }]) => Number(status) >= 400 && !$ref).map(([, answer]) => answer)
  for (const { description = '' } of [...refusals, ...Object.values(document.components.responses)]) {
    t.notMatch(description, /[\n`]/, description)
    t.match(description, /^\p{Lu}.{5,120}$/u, description)
  }
})

onEach('answers without a body have no content, all others have one', async (t, { operations }) => {
  for (const [, { operationId, responses }] of operations) {
    for (const [status, { $ref, content }] of Object.entries(responses)) {
      t.equal($ref === undefined && content === undefined, ['204', '304'].includes(status), `${operationId} ${status}`)
    }
  }
})

onEach(
  'problems and path parameters stand in the document once and are mentioned by name',
  async (t, { operations }) => {
    for (const [, { operationId, parameters = [], responses }] of operations) {
      for (const parameter of parameters) t.not(parameter.in, 'path', operationId)
      for (const [status, { $ref, content }] of Object.entries(responses)) {
        // dialects word their refusals themselves, in a named schema of their own
        const own = content?.['application/json']?.schema?.$ref
        if (Number(status) >= 400 && !own)
          t.match($ref, /^#\/components\/responses\/[A-Za-z]+$/, `${operationId} ${status}`)
      }
    }
  },
)

onEach('nothing is left in it that OpenAPI 3.0 does not know', async (t, { file }) => {
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
