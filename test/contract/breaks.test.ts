/** The gate: what breaks a client of the last release is found, and nothing else is. */
import t from 'tap'
import type { Document, Schema } from '../../plugins/openapi-document.ts'
import { compareContracts } from '../../scripts/contract/compare.ts'
import { ALLOWED } from '../../scripts/contract/exceptions.ts'
import { breaksSinceRelease, judge, readReleased } from '../../scripts/contract/gate.ts'
import { readContract } from '../../scripts/contract/read.ts'

t.test('nothing breaks clients of the last release, but what is allowed for a reason', async (t) => {
  const { broken, stale } = judge(breaksSinceRelease(), ALLOWED)
  t.strictSame(broken, [], 'mend it, allow it with its reason, or, for a release, run `npm run openapi:hold`')
  t.strictSame(stale, [], 'allowed, and not so')
  for (const { why } of ALLOWED) t.ok(why.length > 20)
})

t.test('a contract breaks none of its own clients', async (t) => {
  for (const name of ['main', 'compat'] as const)
    t.strictSame(compareContracts({ before: readContract(name), now: readContract(name) }), [], name)
  t.ok(Object.keys(readReleased('main').paths).length > 30)
  t.ok(Object.keys(readReleased('compat').paths).length > 8)
})

t.test('a member that goes from the real contract is found in each answer that had it', async (t) => {
  const now = readContract()
  delete now.components.schemas['User']?.properties?.['email_verified']
  const found = compareContracts({ before: readContract(), now })
  const me = { place: 'GET /api/v1/users/me 200 body.email_verified', what: 'is missing' }
  t.ok(found.some(({ place, what }) => place === me.place && what === me.what))
  t.ok(found.every(({ place }) => place.endsWith('.email_verified')))
})

/** A service that lends books. */
function library(): Document {
  const { info } = readContract()
  const book: Schema = {
    type: 'object',
    required: ['title', 'state'],
    properties: {
      title: { type: 'string' },
      pages: { type: 'integer' },
      state: { type: 'string', enum: ['lent', 'here'] },
      tags: { type: 'array', items: { type: 'string' } },
      next: { $ref: '#/components/schemas/Book' },
    },
  }
  const wish = {
    type: 'object',
    additionalProperties: false,
    required: ['title'],
    properties: {
      title: { type: 'string', minLength: 1, maxLength: 100 },
      kind: { type: 'string', enum: ['paper', 'sound'] },
      note: { type: 'string' },
    },
  }
  return {
    openapi: '3.0.3',
    info,
    paths: {
      '/books': {
        get: {
          operationId: 'listBooks',
          tags: ['books'],
          security: [],
          parameters: [{ name: 'limit', in: 'query', schema: { type: 'integer', maximum: 100 } as Schema }],
          responses: {
            '200': {
              headers: { ETag: { description: 'of the list', required: true, schema: { type: 'string' } } },
              content: { 'application/json': { schema: { $ref: '#/components/schemas/Book' } } },
            },
          },
        },
        post: {
          operationId: 'wishBook',
          tags: ['books'],
          security: [{}, { bearer: [] }],
          requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Wish' } } } },
          responses: {
            '201': { content: { 'application/json': { schema: { $ref: '#/components/schemas/Answer' } } } },
          },
        },
      },
    },
    components: {
      securitySchemes: {},
      parameters: {},
      headers: {},
      responses: {},
      examples: {},
      schemas: { Book: book, Wish: wish, Answer: { anyOf: [{ $ref: '#/components/schemas/Book' }] } },
    },
  }
}

const BOOK = 'GET /books 200 body'
const WISH = 'POST /books body'

/** Each change, and all that is said of it. */
const BREAKS: Readonly<Record<string, readonly [change: string, ...found: string[]]>> = {
  'an operation that is gone': ['delete paths["/books"].post', 'POST /books is missing'],
  'another name of an operation': [
    'paths["/books"].post.operationId = "orderBook"',
    'POST /books is called orderBook, and was wishBook',
  ],
  'another tag': ['paths["/books"].post.tags = ["wishes"]', 'POST /books has the tag wishes, and had books'],
  'a token where none was needed': [
    'paths["/books"].post.security = [{ bearer: [] }]',
    'POST /books cannot be asked by nobody any more',
  ],
  'another way to say who asks': [
    'paths["/books"].post.security = [{}, { cookie: [] }]',
    'POST /books cannot be asked by bearer any more',
  ],
  'a parameter that is gone': ['paths["/books"].get.parameters = []', 'GET /books query limit is missing'],
  'a parameter that became required': [
    'paths["/books"].get.parameters[0].required = true',
    'GET /books query limit is required',
  ],
  'a new parameter that is required': [
    'paths["/books"].get.parameters.push({ name: "shelf", in: "query", required: true, schema: {} })',
    'GET /books query shelf is required',
  ],
  'a lower bound of a parameter': [
    'paths["/books"].get.parameters[0].schema.maximum = 50',
    'GET /books query limit has the maximum 50, and had 100',
  ],
  'a body that became required': ['paths["/books"].post.requestBody.required = true', `${WISH} is required`],
  'another media type of a body': [
    'paths["/books"].post.requestBody.content = { "text/csv": {} }',
    `${WISH} is not application/json any more`,
  ],
  'a member of a request that is gone': ['delete components.schemas.Wish.properties.note', `${WISH}.note is missing`],
  'a member of a request that became required': [
    'components.schemas.Wish.required.push("note")',
    `${WISH}.note is required`,
  ],
  'a new member of a request that is required': [
    'components.schemas.Wish.properties.shelf = { type: "string" }; components.schemas.Wish.required.push("shelf")',
    `${WISH}.shelf is required`,
  ],
  'a value that a request may no longer have': [
    'components.schemas.Wish.properties.kind.enum = ["paper"]',
    `${WISH}.kind no longer takes "sound"`,
  ],
  'a list of values where any would do': [
    'components.schemas.Wish.properties.note.enum = ["soon"]',
    `${WISH}.note takes listed values only`,
  ],
  'a longer least': [
    'components.schemas.Wish.properties.title.minLength = 3',
    `${WISH}.title has the minLength 3, and had 1`,
  ],
  'a pattern': [
    'components.schemas.Wish.properties.title.pattern = "^[A-Z]"',
    `${WISH}.title has the pattern ^[A-Z], and had none`,
  ],
  'a format': [
    'components.schemas.Wish.properties.title.format = "uuid"',
    `${WISH}.title has the format uuid, and had any`,
  ],
  'a type of a request': [
    'components.schemas.Wish.properties.note.type = "object"',
    `${WISH}.note is of type object, and was of string`,
  ],
  'another status of success': [
    'paths["/books"].post.responses = { "202": paths["/books"].post.responses["201"] }',
    'POST /books 201 is missing',
    'POST /books 202 is a new success',
  ],
  'a second success': [
    'paths["/books"].post.responses["204"] = { description: "it was there" }',
    'POST /books 204 is a new success',
  ],
  'a member of an answer that is gone': ['delete components.schemas.Book.properties.pages', `${BOOK}.pages is missing`],
  'a member of an answer that may be absent': [
    'components.schemas.Book.required = ["title"]',
    `${BOOK}.state may be absent`,
  ],
  'a type of an answer': [
    'components.schemas.Book.properties.pages.type = "number"',
    `${BOOK}.pages is of type number, and was of integer`,
  ],
  'a type of an item': [
    'components.schemas.Book.properties.tags.items = { type: "integer" }',
    `${BOOK}.tags[] is of type integer, and was of string`,
  ],
  'a new value of a closed list': [
    'components.schemas.Book.properties.state.enum.push("lost")',
    `${BOOK}.state may be "lost"`,
  ],
  'a list of an answer that was opened': [
    'delete components.schemas.Book.properties.state.enum',
    `${BOOK}.state may have values that are not listed`,
  ],
  'a new choice in an answer': [
    'components.schemas.Answer.anyOf.push({ $ref: "#/components/schemas/Wish" })',
    'POST /books 201 body|Wish is a new choice',
  ],
  'another name of a schema': [
    'components.schemas.Request = components.schemas.Wish; paths["/books"].post.requestBody.content["application/json"].schema = { $ref: "#/components/schemas/Request" }',
    `${WISH} is named Request, and was named Wish`,
  ],
  'another media type of an answer': [
    'paths["/books"].get.responses["200"].content = { "text/csv": {} }',
    `${BOOK} is not application/json any more`,
  ],
  'a header that is not promised any more': [
    'paths["/books"].get.responses["200"].headers.ETag.required = false',
    'GET /books 200 ETag is not promised any more',
  ],
}

/** The library after a change, which is JavaScript about `paths` and `components`. */
function changed(change: string): Document {
  const document = library()
  new Function('paths', 'components', change)(document.paths, document.components)
  return document
}

const breaksOf = (change: string) => [
  ...new Set(
    compareContracts({ before: library(), now: changed(change) }).map(({ place, what }) => `${place} ${what}`),
  ),
]

for (const [title, [change, ...found]] of Object.entries(BREAKS))
  t.test(`it finds ${title}`, async (t) => {
    // what answers hold is found in every answer that holds it
    const own = breaksOf(change).filter((each) => !found[0]?.startsWith(BOOK) || each.startsWith(BOOK))
    t.strictSame(own, found)
  })

const FINE: Readonly<Record<string, string>> = {
  'a new operation': 'paths["/shelves"] = { get: paths["/books"].get }',
  'a new member of an answer': 'components.schemas.Book.properties.isbn = { type: "string" }',
  'a new member of a request that may be left out': 'components.schemas.Wish.properties.shelf = { type: "string" }',
  'a member of a request that may be left out now': 'components.schemas.Wish.required = []',
  'a new value that a request may have': 'components.schemas.Wish.properties.kind.enum.push("braille")',
  'a value that answers do not have any more': 'components.schemas.Book.properties.state.enum.pop()',
  'a wider bound of a request': 'components.schemas.Wish.properties.title.maxLength = 200',
  'a new parameter that may be left out': 'paths["/books"].get.parameters.push({ name: "q", in: "query", schema: {} })',
  'a call that needs no token any more': 'paths["/books"].post.security = [{}, { bearer: [] }, { cookie: [] }]',
  'a member that is always there now': 'components.schemas.Book.required.push("pages")',
  'a new refusal': 'paths["/books"].get.responses["404"] = { description: "nothing there" }',
  'other words': 'paths["/books"].get.summary = "Which books there are"',
}

for (const [title, change] of Object.entries(FINE))
  t.test(`it lets ${title} pass`, async (t) => {
    t.strictSame(breaksOf(change), [])
  })

t.test('an exception lets its own break pass, and one that is about nothing is named', async (t) => {
  const gone = { place: 'POST /books', what: 'is missing' }
  const why = 'nobody has ever used it'
  t.strictSame(judge([gone], [{ ...gone, why }]), { broken: [], stale: [] })
  t.strictSame(judge([gone], []).broken, [gone])
  t.strictSame(judge([], [{ ...gone, why }]).stale, [{ ...gone, why }])
})
