/** The contract as OpenAPI 3.1, for tools that want it: the same document in the words of JSON Schema 2020-12. */
import type { Document, Schema } from './openapi-document.ts'

/** Keywords that hold schemas: one, a list, or one for each name. */
const ONE: ReadonlySet<string> = new Set(['items', 'additionalProperties', 'not'])
const LISTS: ReadonlySet<string> = new Set(['anyOf', 'oneOf', 'allOf'])

/** What is an example, and not a part of the contract. */
const VALUES: ReadonlySet<string> = new Set(['example', 'examples', 'value'])

/** @returns the document in 3.1; the given one is left as it is */
export function toOpenapi31(document: Document): object {
  const { components, paths, ...head } = document
  const { schemas, ...others } = components
  return {
    ...head,
    openapi: '3.1.0',
    paths: convert(paths),
    components: { ...(convert(others) as object), schemas: mapValues(schemas, convertSchema) },
  }
}

/** Converts the schemas of parameters, headers and bodies, wherever these are. */
function convert(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(convert)
  if (typeof node !== 'object' || node === null) return node
  return mapValues(node as Record<string, unknown>, (value, key) => {
    if (VALUES.has(key)) return value
    return key === 'schema' ? convertSchema(value as Schema) : convert(value)
  })
}

/** `example` is `examples`; all other keywords that the contract has mean the same in both. */
function convertSchema(schema: Schema): object {
  const entries = Object.entries(schema).map(([keyword, value]) => {
    if (keyword === 'example') return ['examples', [value]]
    if (keyword === 'properties') return [keyword, mapValues(value, convertSchema)]
    if (LISTS.has(keyword)) return [keyword, value.map(convertSchema)]
    return [keyword, ONE.has(keyword) && typeof value === 'object' ? convertSchema(value) : value]
  })
  return Object.fromEntries(entries)
}

function mapValues<T, R>(all: Readonly<Record<string, T>>, change: (value: T, key: string) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(all).map(([key, value]) => [key, change(value, key)]))
}
