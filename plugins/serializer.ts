/** Serializers by what they write: of some two hundred answers in the contract most are one of a few shapes. */
import { SerializerSelector } from '@fastify/fast-json-stringify-compiler'

type Factory = ReturnType<typeof SerializerSelector>
type Serializer = ReturnType<ReturnType<Factory>>

/**
 * Makes what Fastify builds the serializers of each context with. One for each answer took a fifth of a start; each shape
 * is now compiled once for all contexts, since a name means one schema everywhere (`named` in src/schemas.ts).
 */
export function createSerializers(): Factory {
  const compiled = new Map<string, Serializer>()
  return (externalSchemas, options) => {
    const compile = SerializerSelector()(externalSchemas, options)
    return (route) => {
      const shape = shapeOf(route.schema as object)
      const serializer = compiled.get(shape) ?? compile(route)
      compiled.set(shape, serializer)
      return serializer
    }
  }
}

/** What decides how a body is written: not what the contract says about it. */
function shapeOf(schema: object): string {
  return JSON.stringify({ ...schema, description: undefined, headers: undefined })
}
