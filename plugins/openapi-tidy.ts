/** Makes of what the generator writes a document that people and other generators read: see each step. */
import { isDeepStrictEqual } from 'node:util'
import type { Outline } from './openapi-contracts.ts'
import {
  at,
  type Components,
  type Document,
  type Header,
  nameOf,
  type Operation,
  operationsOf,
  type Parameter,
} from './openapi-document.ts'
import { addExamples, exampleOf } from './openapi-examples.ts'
import { declareHeaders } from './openapi-headers.ts'
import { hoistProblems } from './openapi-problems.ts'

/** What OpenAPI 3.0 and JSON Schema know; a generator may refuse any other, and ours are explained in words. */
const FORMATS: ReadonlySet<unknown> = new Set(['date-time', 'email', 'password', 'uuid'])

/**
 * A finished contract. The raw document is left as it is: it shares objects with the routes' schemas.
 * @param raw the operations of all contracts
 * @param outline says which of them are in this one
 */
export function tidy(raw: object, { title, description, servers, tags, holds }: Outline): Document {
  const { openapi, info, paths: all, components } = withoutOwnFormats(raw)
  const paths = operationsThat(all, holds)
  const document: Document = {
    openapi,
    info: { ...info, title, description },
    servers: [...servers],
    tags: tags.filter(({ name }) => operationsOf({ paths }).some(([, operation]) => operation.tags?.includes(name))),
    paths,
    components: {
      securitySchemes: components.securitySchemes,
      parameters: {},
      headers: {},
      responses: {},
      schemas: components.schemas,
      examples: {},
    },
  }
  for (const [, operation] of operationsOf(document)) {
    promiseHeaders(operation)
    declareHeaders(document.components, operation.responses)
    for (const parameter of operation.parameters ?? []) {
      allowLeavingOut(parameter)
      giveExample(parameter, document.components.schemas)
      describeByName(parameter, document.components.schemas)
    }
    allowNoBody(operation, document.components.schemas)
  }
  hoistProblems(document)
  hoistPathParameters(document)
  addExamples(document)
  for (const item of Object.values(paths)) {
    for (const [method, operation] of Object.entries(item)) item[method] = inReadingOrder(operation)
  }
  return withoutUnused(withoutSharing(document))
}

/** The paths with those operations alone; one without any is left out. */
function operationsThat(paths: Document['paths'], holds: Outline['holds']): Document['paths'] {
  const items = Object.entries(paths).map(([path, item]) => {
    const operations = Object.entries(item).filter(([, operation]) => holds(operation))
    return [path, Object.fromEntries(operations)] as const
  })
  return Object.fromEntries(items.filter(([, item]) => Object.keys(item).length > 0))
}

function withoutOwnFormats(raw: object): Document {
  const keep = (key: string, value: unknown) =>
    key === 'distinct' || (key === 'format' && typeof value === 'string' && !FORMATS.has(value)) ? undefined : value
  return JSON.parse(JSON.stringify(raw, keep))
}

/** A header that a route names is always sent, unless the route says otherwise. */
function promiseHeaders({ responses }: Operation): void {
  for (const { headers = {} } of Object.values(responses)) {
    for (const header of Object.values(headers) as Header[]) {
      const { optional, ...schema } = header.schema as Header['schema'] & { optional?: true }
      Object.assign(header, { schema, ...(!optional && { required: true }) })
    }
  }
}

/** TypeBox counts a member with a default as required, because it is always there once it has been filled in. */
function allowLeavingOut(parameter: Parameter): void {
  if (parameter.schema.default !== undefined) parameter.required = false
}

/** Tools that try a contract out look for it beside the schema, and not in there. */
function giveExample(parameter: Parameter, schemas: Document['components']['schemas']): void {
  const example = parameter.schema.default ?? exampleOf(parameter.schema, schemas)
  if (example !== undefined) parameter.example = example
}

/** The generator takes the description of a parameter from where it stands, and not from the schema that it names. */
function describeByName(parameter: Parameter, schemas: Document['components']['schemas']): void {
  const description = parameter.description ?? schemas[nameOf(parameter.schema) ?? '']?.description
  if (description !== undefined) parameter.description = description
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

/** Without the components that no operation leads to. */
function withoutUnused(document: Document): Document {
  const { securitySchemes, ...kinds } = document.components
  const isUsed = usedBy(document)
  const isNamed = (scheme: string) =>
    operationsOf(document).some(([, { security = [] }]) => security.some((each) => scheme in each))
  const components = Object.entries(kinds).map(([kind, all]) => [
    kind,
    withEntries<unknown>(all, (name) => isUsed(at(kind as keyof Components, name).$ref)),
  ])
  return {
    ...document,
    components: { securitySchemes: withEntries(securitySchemes, isNamed), ...Object.fromEntries(components) },
  }
}

function withEntries<T>(all: Readonly<Record<string, T>>, keep: (name: string) => boolean): Record<string, T> {
  return Object.fromEntries(Object.entries(all).filter(([name]) => keep(name)))
}

/** Whether a reference is mentioned by an operation, or by what an operation mentions. */
function usedBy({ paths, components }: Document): ($ref: string) => boolean {
  const used = new Set<string>()
  const visit = (value: unknown) => {
    for (const [, $ref = ''] of JSON.stringify(value).matchAll(/"\$ref":"([^"]+)"/g)) {
      if (used.has($ref)) continue
      used.add($ref)
      const [name = '', kind = ''] = $ref.split('/').reverse()
      visit(components[kind as keyof Components][name])
    }
  }
  visit(paths)
  return ($ref) => used.has($ref)
}
