/** What generated clients make classes and members of: names that say what for, and that a later version keeps. */

import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import t from 'tap'
import { parse } from 'yaml'
import { type Document, nameOf, operationsOf, type Schema } from '../../plugins/openapi-document.ts'
import { registerAdmin, startApp } from '../support/app.ts'

const document = parse(readFileSync(new URL('../../openapi.yaml', import.meta.url), 'utf8')) as Document
const { schemas, responses, headers, parameters } = document.components

/** The contract with the calls of other services is not held to this: they shaped it. */
const operations = operationsOf(document)

/** Every schema below one, itself first, with where it stands. */
function* within(schema: Schema, place: string): Generator<[place: string, schema: Schema]> {
  yield [place, schema]
  for (const [name, member] of Object.entries(schema.properties ?? {})) yield* within(member, `${place}.${name}`)
  if (schema.items) yield* within(schema.items, `${place}[]`)
  for (const each of schema.anyOf ?? []) yield* within(each, `${place}|`)
}

/** The components that an answer or a body consists of, by name. */
function componentsOf(schema: Schema | undefined, found = new Set<string>()): Set<string> {
  for (const [, { $ref }] of within(schema ?? {}, '')) {
    const name = $ref && nameOf({ $ref })
    if (!name || found.has(name)) continue
    found.add(name)
    componentsOf(schemas[name], found)
  }
  return found
}

const answersOf = (operation: (typeof operations)[number][1]) =>
  Object.entries(operation.responses).map(
    ([status, answer]) => [status, answer.$ref ? responses[nameOf(answer) ?? ''] : answer] as const,
  )

const answered = componentsOf({
  anyOf: operations.flatMap(([, operation]) =>
    answersOf(operation).flatMap(([, answer]) => Object.values(answer?.content ?? {}).map(({ schema = {} }) => schema)),
  ),
})
const asked = componentsOf({
  anyOf: operations.flatMap(([, { requestBody, parameters: own = [] }]) => [
    ...Object.values(requestBody?.content ?? {}).map(({ schema = {} }) => schema),
    ...own.map(({ schema = {} }) => schema),
  ]),
})

const valuesOf = (schema: Schema) => (schema as Record<string, unknown>)['x-extensible-enum'] as string[] | undefined

t.test('an operation that succeeds has one shape to answer with', async (t) => {
  for (const [, operation] of operations) {
    const bodies = answersOf(operation)
      .filter(([status]) => status.startsWith('2'))
      .flatMap(([, answer]) => Object.entries(answer?.content ?? {}))
      .map(([type, { schema }]) => `${type} ${JSON.stringify(schema)}`)
    t.ok(new Set(bodies).size <= 1, `${operation.operationId}: ${bodies.join(', ')}`)
  }
})

t.test('every list of values and every object is a component, or generators would number it', async (t) => {
  for (const name of new Set([...answered, ...asked])) {
    for (const [place, each] of within(schemas[name] ?? {}, name)) {
      if (place === name) continue
      t.notOk(each.enum ?? valuesOf(each), `${place} has a name for its values`)
      t.notOk(each.properties, `${place} has a name for its members`)
    }
  }
  for (const [, { operationId, requestBody, parameters: own = [], responses: answers }] of operations) {
    const bodies = [requestBody, ...Object.values(answers)].flatMap((body) => Object.entries(body?.content ?? {}))
    // the contract is in no contract
    for (const [type, { schema }] of bodies)
      if (/[/+]json$/.test(type)) t.match(schema?.$ref, /^#\/components\/schemas\//, `${operationId} ${type}`)
    for (const { schema, name } of own) t.notOk(schema?.enum, `${operationId} ${name}`)
  }
})

t.test('no name is made of what the thing contains', async (t) => {
  for (const name of [...Object.keys(schemas), ...Object.keys(responses)])
    t.match(name, /^(?!.*[a-z](Or|And)[A-Z])[A-Z][A-Za-z0-9]*$/, name)
  for (const name of Object.keys(headers)) t.match(name, /^[A-Z][A-Za-z-]*$/, name)
  for (const name of Object.keys(parameters)) t.match(name, /^[a-z][a-z_]*$/, name)
})

t.test('no component is called what Go calls the constructor of another', async (t) => {
  for (const name of Object.keys(schemas)) t.notOk(schemas[`New${name}`], `New${name} makes a ${name}`)
})

/** Words that no member can be called in one of JavaScript, Java, Python, Go, Ruby, PHP, C#, Kotlin, Swift and Rust. */
const RESERVED = new Set(
  (
    'abstract alias and array as assert async await base begin bool boolean break byte case catch chan char class const continue ' +
    'crate debugger decimal declare def default defer del delegate delete do double dyn echo elif else elsif empty end ensure enum ' +
    'eval event except explicit export extends extern fallthrough false final finally fixed float fn for foreach from func ' +
    'function global go goto guard if impl implements implicit import in include init inout instanceof int interface internal ' +
    'is isset lambda let list lock long loop map match mod module move mut namespace native new next nil none nonlocal not null ' +
    'object operator or out override package params pass print private protected protocol pub public raise range readonly redo ' +
    'ref repeat require rescue retry return rethrow sbyte sealed select self short sizeof static strictfp string struct super ' +
    'switch synchronized this throw throws trait transient true try typealias typeof uint ulong undef union unless unsafe unset ' +
    'until use using val var virtual void volatile when where while with xor yield'
  ).split(' '),
)
/** Members that a standard names. */
const OF_STANDARDS = new Set(['Jwk.use'])

t.test('no member or parameter is a word that a common language keeps for itself', async (t) => {
  for (const [name, schema] of Object.entries(schemas)) {
    if (![...answered, ...asked].includes(name)) continue
    for (const member of Object.keys(schema.properties ?? {}))
      t.ok(!RESERVED.has(member) || OF_STANDARDS.has(`${name}.${member}`), `${name}.${member}`)
  }
  for (const [, { operationId, parameters: own = [] }] of operations)
    for (const { name } of own) t.notOk(name && RESERVED.has(name), `${operationId} ${name}`)
})

t.test('a list that would be a set in some languages is none', async (t) => {
  t.notMatch(JSON.stringify(document), '"uniqueItems"')
})

t.test('lists of values are open in what is answered, and closed in what is asked', async (t) => {
  t.ok(['ProblemCode', 'AuditAction', 'HeldRole'].every((name) => answered.has(name)))
  for (const name of answered) t.notOk(schemas[name]?.enum, `${name} may grow`)
  for (const name of asked) t.notOk(valuesOf(schemas[name] ?? {}), `${name} has these values and no others`)
})

t.test('an answer with a value of a later version fits the contract of this one', async (t) => {
  const ajv = new Ajv({ strict: false, validateSchema: false })
  addFormats.default(ajv)
  ajv.addSchema(document, 'contract')
  const fits = (name: string, value: unknown) =>
    t.ok(ajv.validate({ $ref: `contract#/components/schemas/${name}` }, value), `${name}: ${ajv.errorsText()}`)
  for (const name of answered) if (valuesOf(schemas[name] ?? {})) fits(name, 'of_tomorrow')
  const title = 'Something that nobody thought of.'
  fits('Problem', { type: 'urn:latchkey:problem:of_tomorrow', title, status: 400, code: 'of_tomorrow' })
  const event = {
    id: '0198c1a2-7d3e-7b4a-9c55-0f2f6c1d9e21',
    at: '2026-01-31T08:15:30.000Z',
    action: 'session.of_tomorrow',
  }
  fits('AuditPage', { items: [{ ...event, outcome: 'pending', mark: 'of_tomorrow' }] })
})

t.test('a request with a value that is not known is refused', async (t) => {
  const app = await startApp(t)
  const { authorization } = await registerAdmin(app)
  for (const query of [
    'audit?action=session.of_tomorrow',
    'audit?outcome=pending',
    'users?role=king',
    'users?state=lost',
  ])
    t.equal((await app.inject({ url: `/api/v1/${query}`, headers: authorization })).statusCode, 400, query)
})
