/** What the collection takes from `openapi.yaml`. */
import { type Document, type Media, nameOf, type Operation, type Schema } from '../../plugins/openapi-document.ts'

/** What an answer has to be. */
export interface Expected {
  status: number
  /** undefined: the answer has no body */
  type: string | undefined
  /** JSON Schema without references; undefined where the body is not JSON */
  schema: object | undefined
  /** names of the headers that have to be there */
  headers: string[]
}

/** Says nothing about a value, or only what validators do not know. */
const WORDS = ['description', 'example', 'default']

/**
 * A schema with every reference replaced by what it refers to, and without words. The contract has no schema that holds
 * itself; one that did would overflow the stack here.
 */
function inline(document: Document, schema: Schema): object {
  if (schema.$ref) return inline(document, document.components.schemas[nameOf(schema) ?? ''] ?? {})
  const entries = Object.entries(schema).filter(
    ([keyword, value]) => !WORDS.includes(keyword) && !(keyword === 'format' && value === 'password'),
  )
  return Object.fromEntries(entries.map(([keyword, value]) => [keyword, inlineKeyword(document, keyword, value)]))
}

function inlineKeyword(document: Document, keyword: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((each) => (isSchema(each) ? inline(document, each) : each))
  if (!isSchema(value)) return value
  if (keyword !== 'properties') return inline(document, value)
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, inline(document, member as Schema)]))
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null
}

/** What an operation answers: with the status asked for, or else with the lowest 2xx. */
export function expectedOf(document: Document, operation: Operation, status?: number): Expected {
  const lowest = Object.keys(operation.responses).find((each) => each.startsWith('2'))
  const answer = operation.responses[status ?? lowest ?? '']
  const response = answer?.$ref ? document.components.responses[nameOf(answer) ?? ''] : answer
  if (!response) throw new Error(`${operation.operationId} has no answer ${status ?? '2xx'} in the contract`)
  const [type, media] = Object.entries(response.content ?? {})[0] ?? []
  const headers = Object.entries(response.headers ?? {}).filter(([, header]) => 'required' in header && header.required)
  return {
    status: status ?? Number(lowest),
    type,
    schema: type?.endsWith('json') && media?.schema ? inline(document, media.schema) : undefined,
    headers: headers.map(([name]) => name),
  }
}

/** The first example of a body. */
function exampleOf(document: Document, { example, examples = {} }: Media): unknown {
  if (example !== undefined) return example
  const [first] = Object.values(examples)
  if (!first) return undefined
  return '$ref' in first ? document.components.examples[nameOf(first) ?? '']?.value : first.value
}

function withOneExample(document: Document, content: Record<string, Media>): Record<string, Media> {
  const entries = Object.entries(content).map(([type, media]): [string, Media] => {
    const example = exampleOf(document, media)
    return [type, { ...(media.schema && { schema: media.schema }), ...(example !== undefined && { example }) }]
  })
  return Object.fromEntries(entries)
}

/**
 * The contract as the generator gets it. Every value has an example, since the generator invents what has none; each
 * operation is called by its id, has one tag, and answers with its success alone.
 */
export function toGenerator(document: Document): Document {
  const paths = Object.entries(document.paths).map(([path, item]) => [
    path,
    Object.fromEntries(Object.entries(item).map(([method, operation]) => [method, simplify(document, operation)])),
  ])
  return { ...document, paths: Object.fromEntries(paths) }
}

function simplify(document: Document, operation: Operation): Operation {
  const { operationId, tags = [], parameters, requestBody, responses } = operation
  const successes = Object.entries(responses).filter(([status]) => status.startsWith('2'))
  return {
    ...operation,
    summary: operationId,
    tags: tags.slice(0, 1),
    parameters: parameters?.map((parameter) =>
      parameter.$ref ? parameter : { ...parameter, example: sampleOf(parameter.schema) },
    ),
    ...(requestBody?.content && {
      requestBody: { ...requestBody, content: withOneExample(document, requestBody.content) },
    }),
    responses: Object.fromEntries(
      successes.map(([status, response]) => [
        status,
        response.content ? { ...response, content: withOneExample(document, response.content) } : response,
      ]),
    ),
  }
}

function sampleOf({ example, default: byDefault, enum: values }: Schema): unknown {
  return example ?? byDefault ?? values?.[0] ?? ''
}
