/** Malformed requests: the contract's own examples, bent out of shape. */
import fc from 'fast-check'
import { contracts } from '../support/contract.ts'

/** Who sends a request; the test knows their tokens. */
export type Sender = 'nobody' | 'user' | 'admin'

export interface Request {
  /** the operation that is called, or undefined for one that the contract does not have */
  operation: string | undefined
  sender: Sender
  method: string
  url: string
  headers: Record<string, string>
  payload?: Buffer
}

interface Parameter {
  $ref?: string
  in: string
  name: string
}
interface Operation {
  parameters?: Parameter[]
  requestBody?: { content: Record<string, { examples?: Record<string, { $ref: string }> }> }
}
interface Target {
  method: string
  template: string
  query: string[]
  /** undefined where the operation takes no body */
  body: Record<string, unknown> | undefined
}

type Examples = Record<string, { value: Record<string, unknown> }>

/** The examples of what an operation takes: several where several services share it; undefined where it takes no body. */
function examplesOf({ requestBody }: Operation, examples: Examples = {}): (Record<string, unknown> | undefined)[] {
  const named = Object.values(requestBody?.content['application/json']?.examples ?? {})
  return named.length > 0 ? named.map(({ $ref }) => examples[$ref.split('/').at(-1) ?? '']?.value) : [undefined]
}

/** Every operation of the contracts, once for each example of its body. */
export const targets: readonly Target[] = Object.values(contracts).flatMap(({ paths, components }) =>
  Object.entries(paths).flatMap(([template, item]) =>
    Object.entries(item as Record<string, Operation>).flatMap(([method, operation]) =>
      examplesOf(operation, (components as { examples?: Examples }).examples).map((body) => ({
        method: method.toUpperCase(),
        template,
        query: (operation.parameters ?? []).filter((parameter) => parameter.in === 'query').map(({ name }) => name),
        body,
      })),
    ),
  ),
)

const BODY_LIMIT = 65_536

const nested = (depth: number, open: string, close: string) => open.repeat(depth) + close.repeat(depth)

/** Texts that have broken parsers, comparisons, storage or terminals before. */
const text = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    '\u0000',
    'a\u0000b',
    '\ud800',
    'a\udfffb',
    '\ufeff',
    '\u202eadmin',
    '__proto__',
    'constructor',
    "' or '1'='1",
    '"; drop table users; --',
    '%',
    '\\',
    '../../etc/passwd',
    '{{7*7}}',
    '\r\nX-Injected: yes',
    'ﷺ'.repeat(128),
    'x'.repeat(100_000),
    '999999999999999999999999',
    '00000000-0000-0000-0000-000000000000',
    'lkr_'.padEnd(74, 'A'),
  ),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 300 }),
)

const value = fc.oneof(
  text,
  fc.constantFrom(null, true, false, 0, -1, 1e308, -0.5, 2 ** 53, [], {}, [[]], [null], { length: 1e9 }),
  fc.array(text, { maxLength: 3 }),
  fc.jsonValue({ maxDepth: 3 }),
)

const memberName = fc.oneof(
  fc.constantFrom('__proto__', 'constructor', 'prototype', 'toString', 'id', 'role', 'roles', 'disabled', '', '\u0000'),
  text,
)

/** The body's text: the example with members gone, swapped or added, or something else altogether. */
function json(body: Record<string, unknown>): fc.Arbitrary<string> {
  const members = Object.keys(body)
  const replaced = fc
    .tuple(fc.constantFrom(...members, 'extra'), value)
    .map(([name, bent]) => JSON.stringify({ ...body, [name]: bent }))
  const shortened = fc.subarray(members).map((names) => JSON.stringify(body, names))
  const extended = fc
    .tuple(memberName, value)
    .map(([name, bent]) => `${JSON.stringify(body).slice(0, -1)},${JSON.stringify(name)}:${JSON.stringify(bent)}}`)
  const cut = fc.nat(200).map((length) => JSON.stringify(body).slice(0, length))
  const odd = fc.constantFrom(
    nested(5000, '[', ']'),
    nested(20_000, '[', ''),
    `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`,
    '{"email":1e999,"password":-1e999}',
    `{"password":${'9'.repeat(5000)}}`,
    '{"__proto__":{"role":"admin"}}',
    '{"constructor":{"prototype":{"polluted":true}}}',
    '{"password":"\\ud800\\udc00\\udfff","username":"\\u0000"}',
    "{'single':1}",
    'NaN',
    'null',
    '"text"',
    '[]',
  )
  return fc.oneof(
    replaced,
    replaced,
    extended,
    shortened,
    cut,
    odd,
    value.map((bent) => JSON.stringify(bent)),
  )
}

const noise = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes))

/** The text as bytes of some encoding, some of them not what the header will say. */
const encoded = (body: fc.Arbitrary<string>) =>
  fc.oneof(
    { weight: 6, arbitrary: body.map((text) => Buffer.from(text)) },
    body.map((text) => Buffer.from(text, 'utf16le')),
    body.map((text) => Buffer.from(text, 'latin1')),
    body.map((text) => Buffer.from(`\ufeff${text}`)),
    body.map((text) => Buffer.concat([Buffer.from(text), Buffer.from([0xc3, 0x28, 0xff, 0xed, 0xa0, 0x80])])),
    fc.tuple(body, fc.integer({ min: -40, max: 40 })).map(([text, by]) => Buffer.from(text.padEnd(BODY_LIMIT + by))),
    noise,
  )

const contentType = fc.oneof(
  { weight: 8, arbitrary: fc.constant('application/json') },
  fc.constantFrom(
    'application/json; charset=utf-16',
    'application/json;charset=latin1',
    'application/jsonp',
    'APPLICATION/JSON',
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/json; boundary="',
    ';',
    '/',
    '',
    'application/json, text/html',
  ),
)

const brokenHeaders: fc.Arbitrary<Record<string, string>> = fc.oneof(
  { weight: 6, arbitrary: fc.constant({}) },
  fc
    .constantFrom('', 'Bearer', 'Bearer ', 'bearer a.b.c', 'Basic YTpi', `Bearer ${'a'.repeat(5000)}`, 'Bearer \u00ff')
    .map((authorization) => ({ authorization })),
  fc
    .constantFrom('', 'short', 'x'.repeat(200), '<script>alert(1)</script>', 'a b c d e f g h', '../../../../../etc')
    .map((id) => ({ 'x-request-id': id })),
  fc.string({ unit: 'grapheme-ascii', maxLength: 400 }).map((agent) => ({ 'user-agent': agent.trim() })),
  fc.constantFrom('gzip', 'chunked', 'identity').map((encoding) => ({ 'content-encoding': encoding })),
  fc.constantFrom('0', '-1', '1e3', '5', '99999999999').map((length) => ({ 'content-length': length })),
  fc.constantFrom('*/*;q=x', 'text/html', '').map((accept) => ({ accept, origin: 'null', 'x-forwarded-for': ',,,' })),
)

/** What stands in a URL between two slashes: percent signs stay as they are. */
const segment = fc.oneof(
  fc.constantFrom('%', '%zz', '%c3%28', '%00', '%ff', '%u0041', '%2e%2e', 'x'.repeat(101), 'y'.repeat(12_000), '*'),
  fc.constantFrom('0198c1a2-7d3e-7b4a-9c55-0f2f6c1d9e21', 'null', '-1', 'me', '__proto__', ':user_id'),
  text.map((raw) => encodeURIComponent(raw.toWellFormed()).slice(0, 3000) || '%20'),
)

const querySegment = fc.oneof(
  segment,
  fc.constantFrom('1e400', '0x10', ' 5', '1&limit=2', 'a[]=1', '', 'true', 'MjA', '%F0%9F', '9'.repeat(400)),
)

const query = (names: readonly string[]) =>
  fc
    .array(fc.tuple(fc.constantFrom(...names, 'extra', '__proto__', 'constructor[prototype]'), querySegment), {
      maxLength: 4,
    })
    .map((pairs) => (pairs.length > 0 ? `?${pairs.map((pair) => pair.join('=')).join('&')}` : ''))

const sender = fc.constantFrom<Sender>('nobody', 'user', 'admin')

/** A broken call of an operation. */
function callOf({ method, template, query: names, body }: Target): fc.Arbitrary<Request> {
  // who sends a body where none belongs has to be refused as well, but need not be most of them
  const weight = body ? 20 : 1
  return fc
    .record({
      sender,
      ids: fc.array(segment, { minLength: 2, maxLength: 2 }),
      query: names.length > 0 ? query(names) : fc.oneof(fc.constant(''), query(['x'])),
      type: contentType,
      headers: brokenHeaders,
      payload: fc.oneof({ weight, arbitrary: encoded(json(body ?? { x: 1 })) }, fc.constant(undefined)),
    })
    .map(({ ids, query, type, headers, payload, sender }) => ({
      operation: `${method} ${template}`,
      sender,
      method,
      url: template.replace(/\{\w+\}/g, () => ids.pop() ?? '') + query,
      headers: { ...(payload && { 'content-type': type }), ...headers },
      ...(payload && { payload }),
    }))
}

/** A call of a URL, or with a method, that the contract does not have. */
const stray: fc.Arbitrary<Request> = fc
  .record({
    sender,
    method: fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'),
    path: fc.oneof(
      fc.constantFrom(...targets.map(({ template }) => `${template}/`), '/api/v2/users', '/api/v1//users', '/docs/x'),
      fc.constantFrom('/api/v1/auth/login', '/api/v1/auth/verify', '/health', '/api/v1/users/me/password'),
      fc.array(segment, { minLength: 1, maxLength: 3 }).map((segments) => `/api/v1/${segments.join('/')}`),
    ),
    query: query(['q']),
    headers: brokenHeaders,
  })
  .map(({ path, query, ...rest }) => ({ ...rest, operation: undefined, url: path + query }))

/** Any of them; the more there is to get wrong, the more often. */
export const malformedRequest: fc.Arbitrary<Request> = fc.oneof(
  ...targets.map((target) => ({
    weight: 1 + target.query.length + (target.body ? 4 : 0) + (target.template.includes('{') ? 2 : 0),
    arbitrary: callOf(target),
  })),
  { weight: 10, arbitrary: stray },
)
