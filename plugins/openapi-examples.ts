/** Gives every body in the document an example, put together from the examples of its members. */

interface Schema {
  $ref?: string
  type?: string
  example?: unknown
  enum?: unknown[]
  properties?: Record<string, Schema>
  items?: Schema
}
interface Media {
  schema?: Schema
  example?: unknown
}
interface Body {
  content?: Record<string, Media>
  description?: string
}
interface Operation {
  requestBody?: Body
  responses?: Record<string, Body>
}
interface Document {
  components?: { schemas?: Record<string, Schema & { title?: string }> }
  paths?: Record<string, Record<string, Operation>>
}

/** Adds the missing examples, in place. A problem's example is of the first code that its description names. */
export function withExamples(document: Document): Document {
  const schemas = document.components?.schemas ?? {}
  for (const item of Object.values(document.paths ?? {})) {
    for (const { requestBody, responses = {} } of Object.values(item)) {
      for (const media of Object.values(requestBody?.content ?? {})) media.example ??= exampleOf(media.schema, schemas)
      for (const [status, response] of Object.entries(responses)) {
        for (const [type, media] of Object.entries(response.content ?? {})) {
          media.example ??=
            type === 'application/problem+json' ? problemExample(status, response) : exampleOf(media.schema, schemas)
        }
      }
    }
  }
  return document
}

function exampleOf(schema: Schema | undefined, schemas: Record<string, Schema>): unknown {
  if (!schema) return undefined
  if (schema.$ref) return exampleOf(schemas[schema.$ref.split('/').at(-1) ?? ''], schemas)
  if (schema.example !== undefined) return schema.example
  if (schema.properties) {
    const members = Object.entries(schema.properties).map(([name, member]) => [name, exampleOf(member, schemas)])
    return Object.fromEntries(members.filter(([, value]) => value !== undefined))
  }
  if (schema.items) return [exampleOf(schema.items, schemas)]
  return schema.enum?.[0]
}

function problemExample(status: string, { description = '' }: Body) {
  const [, code, title] = /^`(\w+)`: (.*)/.exec(description) ?? []
  return { type: `urn:latchkey:problem:${code}`, title, status: Number(status), code }
}
