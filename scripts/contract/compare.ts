/** What between two contracts breaks clients of the older one. */
import {
  type Answer,
  type Document,
  type Header,
  nameOf,
  type Operation,
  type Parameter,
} from '../../plugins/openapi-document.ts'
import { type Break, compareSchemas } from './compare-schemas.ts'

/** The older contract and the present one. */
interface Documents {
  before: Document
  now: Document
}

/** Two versions of an operation. */
interface Operations {
  before: Operation
  now: Operation
  place: string
}

/** All that breaks a client of `before`, an operation at a time. */
export function compareContracts(documents: Documents): Break[] {
  return Object.entries(documents.before.paths).flatMap(([path, item]) =>
    Object.entries(item).flatMap(([method, before]) => {
      const place = `${method.toUpperCase()} ${path}`
      const now = documents.now.paths[path]?.[method]
      if (!now) return [{ place, what: 'is missing' }]
      const operations = { before, now, place }
      return [
        ...compareNames(operations),
        ...compareSecurity(operations),
        ...compareParameters(documents, operations),
        ...compareBodies(documents, operations),
        ...compareAnswers(documents, operations),
      ]
    }),
  )
}

/** Generated clients have methods of these names in classes of these names. */
function compareNames({ before, now, place }: Operations): Break[] {
  const found: Break[] = []
  if (now.operationId !== before.operationId)
    found.push({ place, what: `is called ${now.operationId}, and was ${before.operationId}` })
  if (now.tags?.[0] !== before.tags?.[0])
    found.push({ place, what: `has the tag ${now.tags?.[0]}, and had ${before.tags?.[0]}` })
  return found
}

/** Each way to say who asks has to be one that there still is; an empty list asks nobody. */
function compareSecurity({ before, now, place }: Operations): Break[] {
  const ways = ({ security = [] }: Operation) =>
    security.length === 0 ? ['nobody'] : security.map((each) => Object.keys(each).join('+') || 'nobody')
  const next = ways(now)
  return ways(before)
    .filter((way) => !next.includes(way))
    .map((way) => ({ place, what: `cannot be asked by ${way} any more` }))
}

function parametersOf({ parameters = [] }: Operation, { components }: Document): Map<string, Parameter> {
  const resolved = parameters.map((each) => (each.$ref ? components.parameters[nameOf(each) ?? ''] : each) as Parameter)
  return new Map(resolved.map((each) => [`${each.in} ${each.name}`, each]))
}

function compareParameters(documents: Documents, { before, now, place }: Operations): Break[] {
  const old = parametersOf(before, documents.before)
  const next = parametersOf(now, documents.now)
  const gone = [...old.keys()].filter((key) => !next.has(key)).map((key) => ({ key, what: 'is missing' }))
  const demanded = [...next]
    .filter(([key, { required }]) => required && !old.get(key)?.required)
    .map(([key]) => ({ key, what: 'is required' }))
  const schemas = [...old].flatMap(([key, { schema }]) => {
    const match = next.get(key)
    if (!match) return []
    return compareSchemas({
      before: { schema, document: documents.before },
      now: { schema: match.schema, document: documents.now },
      direction: 'request',
      place: `${place} ${key}`,
    })
  })
  return [...[...gone, ...demanded].map(({ key, what }) => ({ place: `${place} ${key}`, what })), ...schemas]
}

function compareBodies(documents: Documents, { before, now, place }: Operations): Break[] {
  const found: Break[] = []
  if (now.requestBody?.required && !before.requestBody?.required)
    found.push({ place: `${place} body`, what: 'is required' })
  return [...found, ...compareMedia(documents, before.requestBody, now.requestBody, 'request', `${place} body`)]
}

/** A media type that went, or a schema in one that stayed. */
function compareMedia(
  documents: Documents,
  before: Answer | undefined,
  now: Answer | undefined,
  direction: 'request' | 'response',
  place: string,
): Break[] {
  return Object.entries(before?.content ?? {}).flatMap(([type, { schema }]) => {
    const media = now?.content?.[type]
    if (!media) return [{ place, what: `is not ${type} any more` }]
    return compareSchemas({
      before: { schema, document: documents.before },
      now: { schema: media.schema, document: documents.now },
      direction,
      place,
    })
  })
}

const isSuccess = (status: string) => /^[23]/.test(status)

/** A client waits for the statuses of success that it knows; any refusal it has to be ready for. */
function compareAnswers(documents: Documents, { before, now, place }: Operations): Break[] {
  const statuses = Object.keys({ ...before.responses, ...now.responses }).filter(isSuccess)
  const changed = statuses
    .filter((status) => !before.responses[status] !== !now.responses[status])
    .map((status) => ({ place: `${place} ${status}`, what: now.responses[status] ? 'is a new success' : 'is missing' }))
  const both = Object.keys(before.responses).filter((status) => now.responses[status])
  return [...changed, ...both.flatMap((status) => compareAnswer(documents, status, { before, now, place }))]
}

function compareAnswer(documents: Documents, status: string, { before, now, place }: Operations): Break[] {
  const old = answerOf(before, status, documents.before)
  const next = answerOf(now, status, documents.now)
  const where = `${place} ${status}`
  const had = promisedHeaders(old, documents.before)
  const has = promisedHeaders(next, documents.now)
  const headers = had.filter((name) => !has.includes(name))
  return [
    ...headers.map((name) => ({ place: `${where} ${name}`, what: 'is not promised any more' })),
    ...(!old.content && next.content ? [{ place: `${where} body`, what: 'is new' }] : []),
    ...compareMedia(documents, old, next, 'response', `${where} body`),
  ]
}

function answerOf({ responses }: Operation, status: string, { components }: Document): Answer {
  const answer = responses[status] ?? {}
  return answer.$ref ? (components.responses[nameOf(answer) ?? ''] ?? {}) : answer
}

function promisedHeaders({ headers = {} }: Answer, { components }: Document): string[] {
  const resolved = Object.entries(headers).map(
    ([name, header]) => [name, '$ref' in header ? components.headers[nameOf(header) ?? ''] : header] as const,
  )
  return resolved.filter(([, header]) => (header as Header | undefined)?.required).map(([name]) => name)
}
