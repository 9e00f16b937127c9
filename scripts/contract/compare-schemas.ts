/** What in a schema breaks clients that were generated from, or written for, an older one. */
import { isDeepStrictEqual } from 'node:util'
import { type Document, nameOf, type Schema } from '../../plugins/openapi-document.ts'

/** What is sent may be narrowed as little as what is answered may be widened. */
export type Direction = 'request' | 'response'

/** Something that breaks a client. */
export interface Break {
  /** such as `POST /api/v1/auth/login 200 body.expires_in` */
  place: string
  /** such as `is missing` */
  what: string
}

/** A schema of each contract, and where the two stand. */
export interface Pair {
  before: { schema: Schema | undefined; document: Document }
  now: { schema: Schema | undefined; document: Document }
  direction: Direction
  place: string
  /** the named pairs on the way here, since a schema may hold itself */
  inside?: ReadonlySet<string>
}

interface Keywords extends Schema {
  pattern?: string
  minLength?: number
  maxLength?: number
  minimum?: number
  maximum?: number
  minItems?: number
  maxItems?: number
  additionalProperties?: boolean | Schema
  oneOf?: Schema[]
  allOf?: Schema[]
}

/** A schema without references at its top, and with what it is put together of. */
function resolve(schema: Schema | undefined, document: Document): Keywords {
  if (schema?.$ref) return resolve(document.components.schemas[nameOf(schema) ?? ''], document)
  const { allOf, ...own } = (schema ?? {}) as Keywords
  if (!allOf) return own
  const parts = [...allOf.map((part) => resolve(part, document)), own]
  const merged: Keywords = Object.assign({}, ...parts)
  merged.properties = Object.assign({}, ...parts.map(({ properties }) => properties))
  merged.required = parts.flatMap(({ required = [] }) => required)
  return merged
}

/** All that breaks a client between two schemas. */
export function compareSchemas(pair: Pair): Break[] {
  const names = [nameOf(pair.before.schema ?? {}), nameOf(pair.now.schema ?? {})]
  const key = `${names.join(' ')} ${pair.direction}`
  if (names[0] && pair.inside?.has(key)) return []
  const inside = new Set([...(pair.inside ?? []), ...(names[0] ? [key] : [])])
  const before = resolve(pair.before.schema, pair.before.document)
  const now = resolve(pair.now.schema, pair.now.document)
  const found = [
    ...(names[0] !== names[1] ? [`is ${wordName(names[1])}, and was ${wordName(names[0])}`] : []),
    ...changedType(before, now, pair.direction),
    ...changedEnum(before, now, pair.direction),
    ...(pair.direction === 'request' ? narrowed(before, now) : []),
  ]
  const step = (place: string, old: Schema | undefined, next: Schema | undefined) =>
    compareSchemas({
      ...pair,
      inside,
      place,
      before: { ...pair.before, schema: old },
      now: { ...pair.now, schema: next },
    })
  return [
    ...found.map((what) => ({ place: pair.place, what })),
    ...compareMembers(before, now, pair, step),
    ...compareChoices(before, now, pair, step),
    ...(before.items && now.items ? step(`${pair.place}[]`, before.items, now.items) : []),
  ]
}

/** Generated clients have classes of these names. */
const wordName = (name: string | undefined) => (name === undefined ? 'without a name' : `named ${name}`)

/** Without a type a value may be anything. */
function changedType(before: Keywords, now: Keywords, direction: Direction): string[] {
  const found: string[] = []
  const [narrow, wide] = direction === 'request' ? [before.type, now.type] : [now.type, before.type]
  const isFine = narrow === wide || wide === undefined || (narrow === 'integer' && wide === 'number')
  if (!isFine) found.push(`is of type ${now.type ?? 'any'}, and was of ${before.type ?? 'any'}`)
  const loses = direction === 'request' ? now.format : before.format
  if (before.format !== now.format && loses !== undefined)
    found.push(`has the format ${now.format ?? 'any'}, and had ${before.format ?? 'any'}`)
  return found
}

/** A client that sends one of the values needs it to be taken; one that reads them knows no others. */
function changedEnum(before: Keywords, now: Keywords, direction: Direction): string[] {
  const [narrow, wide] = direction === 'request' ? [before.enum, now.enum] : [now.enum, before.enum]
  if (wide === undefined) return []
  if (narrow === undefined)
    return [direction === 'request' ? 'takes listed values only' : 'may have values that are not listed']
  const foreign = narrow.filter((value) => !wide.includes(value))
  const verb = direction === 'request' ? 'no longer takes' : 'may be'
  return foreign.map((value) => `${verb} ${JSON.stringify(value)}`)
}

const LEAST = ['minLength', 'minimum', 'minItems', 'minProperties'] as const
const MOST = ['maxLength', 'maximum', 'maxItems'] as const

/** What a request may no longer hold. */
function narrowed(before: Keywords, now: Keywords): string[] {
  const found = [
    ...LEAST.filter((keyword) => (now[keyword] ?? -Infinity) > (before[keyword] ?? -Infinity)),
    ...MOST.filter((keyword) => (now[keyword] ?? Infinity) < (before[keyword] ?? Infinity)),
    ...(now.pattern !== undefined && now.pattern !== before.pattern ? (['pattern'] as const) : []),
  ]
  return found.map((keyword) => `has the ${keyword} ${now[keyword]}, and had ${before[keyword] ?? 'none'}`)
}

type Step = (place: string, before: Schema | undefined, now: Schema | undefined) => Break[]

function compareMembers(before: Keywords, now: Keywords, { direction, place }: Pair, step: Step): Break[] {
  const members = { ...before.properties }
  const found = Object.entries(members).flatMap(([name, schema]) => {
    const where = `${place}.${name}`
    const next = now.properties?.[name]
    if (next) return step(where, schema, next)
    // an open body takes what it does not know
    return direction === 'response' || now.additionalProperties === false ? [{ place: where, what: 'is missing' }] : []
  })
  const [had, has] = [new Set(before.required), new Set(now.required)]
  const demanded = [...has].filter((name) => !had.has(name)).map((name) => ({ name, what: 'is required' }))
  const dropped = [...had].filter((name) => !has.has(name) && now.properties?.[name])
  const changed = direction === 'request' ? demanded : dropped.map((name) => ({ name, what: 'may be absent' }))
  const closed = direction === 'request' && before.additionalProperties !== false && now.additionalProperties === false
  return [
    ...found,
    ...changed.map(({ name, what }) => ({ place: `${place}.${name}`, what })),
    ...(closed && before.properties ? [{ place, what: 'takes no members that it does not know' }] : []),
  ]
}

/** One of several shapes: none may go from a request, none may come to an answer. */
function compareChoices(before: Keywords, now: Keywords, { direction, place }: Pair, step: Step): Break[] {
  const [old = [], next = []] = [before.anyOf ?? before.oneOf, now.anyOf ?? now.oneOf]
  if (old.length === 0 && next.length === 0) return []
  const isSame = (one: Schema) => (other: Schema) =>
    nameOf(one) === nameOf(other) && (nameOf(one) !== undefined || isDeepStrictEqual(one, other))
  const [kept, other] = direction === 'request' ? [old, next] : [next, old]
  const lost = kept.filter((choice) => !other.some(isSame(choice)))
  const what = direction === 'request' ? 'is no choice any more' : 'is a new choice'
  const both = old.flatMap((choice) => {
    const match = next.find(isSame(choice))
    return match ? step(`${place}|${nameOf(choice) ?? ''}`, choice, match) : []
  })
  return [...lost.map((choice) => ({ place: `${place}|${nameOf(choice) ?? choice.type ?? ''}`, what })), ...both]
}
