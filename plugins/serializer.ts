/** Serializers by what they write: of some two hundred answers in the contract most are one of a few shapes. */
import { SerializerSelector } from '@fastify/fast-json-stringify-compiler'

type Factory = ReturnType<typeof SerializerSelector>
type Serializer = ReturnType<ReturnType<Factory>>
type Route = Parameters<ReturnType<Factory>>[0]
type Schemas = Parameters<Factory>[0]

/**
 * Makes what Fastify builds the serializers of each context with. One for each answer took a fifth of a start; each shape
 * is now compiled once for all contexts, since a name means one schema everywhere (`named` in src/schemas.ts), and not
 * before the first answer that has it.
 */
export function createSerializers(): Factory {
  const compiled = new Map<string, Serializer>()
  return (externalSchemas, options) => {
    const compile = (route: Route) => SerializerSelector()(referred(route.schema, externalSchemas), options)(route)
    return (route) => {
      const shape = shapeOf(route.schema as object)
      const serializer = compiled.get(shape) ?? whenAsked(() => compile(route))
      compiled.set(shape, serializer)
      return serializer
    }
  }
}

function whenAsked(compile: () => Serializer): Serializer {
  let serializer: Serializer | undefined
  return (body) => {
    serializer ??= compile()
    return serializer(body)
  }
}

/** The schemas that one refers to, and those that they do; each compilation examines all that it is given. */
function referred(schema: unknown, all: Schemas, found: Record<string, unknown> = {}): Schemas {
  for (const [, name = ''] of JSON.stringify(schema).matchAll(/"\$ref":"([^"#]+)#/g)) {
    if (Object.hasOwn(found, name)) continue
    found[name] = (all as Record<string, unknown>)[name]
    referred(found[name], all, found)
  }
  return found as Schemas
}

/** What decides how a body is written: not what the contract says about it. */
function shapeOf(schema: object): string {
  return JSON.stringify({ ...schema, description: undefined, headers: undefined })
}
