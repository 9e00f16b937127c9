/** Makes of what the generator writes a document that people and other generators read: see each step. */
import { isDeepStrictEqual } from 'node:util'
import { at, type Document, nameOf, type Operation, operationsOf, type Parameter } from './openapi-document.ts'
import { addExamples } from './openapi-examples.ts'
import { hoistProblems } from './openapi-problems.ts'

/** What OpenAPI 3.0 and JSON Schema know; a generator may refuse any other, and ours are explained in words. */
const FORMATS: ReadonlySet<unknown> = new Set(['date-time', 'email', 'password', 'uuid'])

/** The finished contract. The raw document is left as it is: it shares objects with the routes' schemas. */
export function tidy(raw: object): Document {
  const { openapi, info, servers, tags, paths, components } = withoutOwnFormats(raw)
  const document = {
    openapi,
    info,
    ...(servers && { servers }),
    ...(tags && { tags }),
    paths,
    components: {
      securitySchemes: components.securitySchemes ?? {},
      parameters: {},
      headers: {},
      responses: {},
      schemas: components.schemas,
      examples: {},
    },
  }
  for (const [, operation] of operationsOf(document)) {
    promiseHeaders(operation)
    for (const parameter of operation.parameters ?? []) allowLeavingOut(parameter)
    allowNoBody(operation, document.components.schemas)
  }
  hoistProblems(document)
  hoistPathParameters(document)
  addExamples(document)
  for (const item of Object.values(paths)) {
    for (const [method, operation] of Object.entries(item)) item[method] = inReadingOrder(operation)
  }
  return withoutSharing(document)
}

function withoutOwnFormats(raw: object): Document {
  const keep = (key: string, value: unknown) =>
    key === 'format' && typeof value === 'string' && !FORMATS.has(value) ? undefined : value
  return JSON.parse(JSON.stringify(raw, keep))
}

/** A header that a successful answer names is always sent. */
function promiseHeaders({ responses }: Operation): void {
  for (const { headers = {} } of Object.values(responses)) {
    for (const header of Object.values(headers)) Object.assign(header, { required: true })
  }
}

/** TypeBox counts a member with a default as required, because it is always there once it has been filled in. */
function allowLeavingOut(parameter: Parameter): void {
  if (parameter.schema.default !== undefined) parameter.required = false
}

/** A body that need not hold anything need not be sent; the generator takes every body for required. */
function allowNoBody({ requestBody }: Operation, schemas: Document['components']['schemas']): void {
  const {
    properties,
    required = [],
    minProperties = 0,
  } = schemas[nameOf(requestBody?.content?.['application/json']?.schema ?? {}) ?? ''] ?? {}
  if (requestBody && properties && required.length === 0 && minProperties === 0) requestBody.required = false
}

/** @throws when two path parameters of one name are described differently */
function hoistPathParameters({ paths, components }: Document): void {
  for (const [, operation] of operationsOf({ paths })) {
    operation.parameters = operation.parameters?.map((parameter) => {
      if (parameter.in !== 'path') return parameter
      const { name } = parameter
      components.parameters[name] ??= parameter
      if (isDeepStrictEqual(components.parameters[name], parameter)) return at('parameters', name) as Parameter
      throw new Error(`two path parameters are named ${name}`)
    })
  }
}

function inReadingOrder(operation: Operation): Operation {
  const { operationId, summary, description, tags, security, parameters, requestBody, responses, ...others } = operation
  return { operationId, summary, description, tags, security, parameters, requestBody, ...others, responses } as never
}

/** Objects that stand in two places would become YAML anchors, which few readers of a contract expect. */
function withoutSharing(document: Document): Document {
  return JSON.parse(JSON.stringify(document))
}
