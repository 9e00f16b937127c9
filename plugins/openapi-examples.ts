/** Gives every body in the document an example, put together from the examples of its members. */
import {
  type Answer,
  at,
  type Components,
  type Document,
  type Media,
  nameOf,
  operationsOf,
} from './openapi-document.ts'

/** States that most things are not in: an example that showed them would be an odd one. */
const UNUSUAL: ReadonlySet<string> = new Set(['disabled_at', 'pending_email'])

/** Adds the missing examples; those of named schemas become components, so that each stands in the document once. */
export function addExamples(document: Document): void {
  const { examples, schemas } = document.components
  for (const [, { requestBody, responses }] of operationsOf(document)) {
    for (const media of mediaOf([requestBody, ...Object.values(responses)])) {
      if (media.examples) continue
      const names = namesOf(media.schema, schemas)
      for (const name of names)
        examples[name] ??= { summary: wordsOf(name), value: exampleOf(at('schemas', name), schemas) }
      if (names.length === 0) media.example ??= exampleOf(media.schema, schemas)
      else media.examples = Object.fromEntries(names.map((name) => [name, at('examples', name)]))
    }
  }
}

/** The named schemas that a body may have: one, or those that a named choice is between. */
function namesOf(schema: Media['schema'] = {}, schemas: Components['schemas']): string[] {
  const name = nameOf(schema)
  const choice = name === undefined ? undefined : schemas[name]?.anyOf
  if (choice) return choice.flatMap((each) => namesOf(each, schemas))
  return name === undefined ? [] : [name]
}

function mediaOf(bodies: readonly (Answer | undefined)[]): Media[] {
  return bodies.flatMap((body) => Object.values(body?.content ?? {}))
}

/** `Personal data`, for a schema named `PersonalData`. */
const wordsOf = (name: string) => name.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)

/** An object of all members that have an example; optional ones without are left out. */
export function exampleOf(schema: Media['schema'], schemas: Components['schemas']): unknown {
  if (schema?.$ref) return exampleOf(schemas[nameOf(schema) ?? ''], schemas)
  if (schema?.example !== undefined) return schema.example
  if (schema?.items) return [exampleOf(schema.items, schemas)]
  if (!schema?.properties) return schema?.enum?.[0]
  const members = Object.entries(schema.properties)
    .filter(([name]) => !UNUSUAL.has(name))
    .map(([name, member]) => [name, exampleOf(member, schemas)])
  return Object.fromEntries(members.filter(([, value]) => value !== undefined))
}
