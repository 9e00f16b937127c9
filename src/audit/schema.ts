import { type Static, Type } from '@sinclair/typebox'
import { NextCursor, pageQuery } from '../pages.ts'
import { enumOf, named, openEnumOf, ref, Timestamp, Uuid } from '../schemas.ts'
import { ACTIONS } from './actions.ts'

/** What the sealer noticed of an event. */
const MARKS = ['late', 'foreign'] as const

const OUTCOMES = ['success', 'failure'] as const

export const AuditAction = named(
  'AuditAction',
  openEnumOf(ACTIONS, { description: 'what happened; a later version may have more', example: 'session.start' }),
)
export const AuditActionFilter = named(
  'AuditActionFilter',
  enumOf(ACTIONS, { description: 'only events of this kind', example: 'session.start' }),
)
export const AuditOutcome = named(
  'AuditOutcome',
  openEnumOf(OUTCOMES, { description: 'whether it was done or refused', example: 'failure' }),
)
export const AuditOutcomeFilter = named(
  'AuditOutcomeFilter',
  enumOf(OUTCOMES, { description: 'only what was done, or only what was refused', example: 'failure' }),
)
export const AuditMark = named(
  'AuditMark',
  openEnumOf(MARKS, {
    description:
      'what was wrong with it when it got its place: it came long after it says it was written, or it was not written by this service',
    example: 'late',
  }),
)
export const AuditDetails = named(
  'AuditDetails',
  Type.Unsafe<Record<string, string | number | boolean>>({
    type: 'object',
    additionalProperties: true,
    description:
      'what else there is to know, such as the `means` of a `session.start`: `password`, `link`, `code`, `registration` or `invitation`',
    example: { roles: 'admin,user' },
  }),
)
export const ActivityActor = named(
  'ActivityActor',
  openEnumOf(['owner', 'administrator', 'service'], {
    description: 'who caused it; absent where nobody was signed in',
    example: 'owner',
  }),
)

const Event = {
  action: ref(AuditAction),
  outcome: ref(AuditOutcome),
  cause: Type.Optional(Type.String({ description: 'why', example: 'invalid_credentials' })),
  session_id: Type.Optional(Type.String({ description: 'the session that it is about' })),
  ip: Type.Optional(Type.String({ description: 'the address that it came from', example: '203.0.113.7' })),
  user_agent: Type.Optional(Type.String({ description: 'the program that it came from', example: 'curl/8.5.0' })),
}

export const AuditEventItem = named(
  'AuditEvent',
  Type.Object(
    {
      id: Uuid('names the event; later ones have greater ids'),
      at: Timestamp('when it happened'),
      actor: Type.Optional(
        Type.String({
          description: 'who caused it: the `id` of an account, `operator` (the command line) or `system`',
          example: 'operator',
        }),
      ),
      subject: Type.Optional(Uuid('the account that it happened to')),
      ...Event,
      request_id: Type.Optional(Type.String({ description: 'names the request in the log of the service' })),
      details: Type.Optional(ref(AuditDetails)),
      number: Type.Optional(
        Type.Integer({ description: 'its place in the chain, from 1; absent for a second or so', example: 42 }),
      ),
      mark: Type.Optional(ref(AuditMark)),
    },
    { description: 'Something that happened' },
  ),
)
export type AuditEventItem = Static<typeof AuditEventItem>

export const AuditPage = named(
  'AuditPage',
  Type.Object({
    items: Type.Array(ref(AuditEventItem), { description: 'newest first' }),
    next_cursor: NextCursor,
  }),
)
export type AuditPage = Static<typeof AuditPage>

const page = pageQuery(100, 20)

const exact = (description: string, example = '0198c1a2-7d3e-7b4a-9c55-0f2f6c1d9e21') =>
  Type.Optional(Type.String({ minLength: 1, maxLength: 128, format: 'plain-text', description, example }))
const moment = (description: string) => Type.Optional(Timestamp(description))

const filter = {
  action: Type.Optional(ref(AuditActionFilter)),
  outcome: Type.Optional(ref(AuditOutcomeFilter)),
  actor: exact('only what this account caused, or `operator`, or `system`'),
  subject: exact('only what happened to this account'),
  session_id: exact('only what is about this session'),
  request_id: exact('only what this request caused', 'soM4BNeY2QeiaWDD.7'),
  since: moment('only events of this moment or later'),
  before: moment('only events before this moment'),
}

/** What events are looked for by. */
export const AuditFilter = Type.Object(filter, { additionalProperties: false })
export type AuditFilter = Static<typeof AuditFilter>

export const AuditQuery = Type.Object({ ...page, ...filter }, { additionalProperties: false })
export type AuditQuery = Static<typeof AuditQuery>

export const ActivityQuery = Type.Object(page, { additionalProperties: false })

export const Activity = named(
  'Activity',
  Type.Object(
    {
      at: Timestamp('when it happened'),
      ...Event,
      by: Type.Optional(ref(ActivityActor)),
    },
    { description: 'Something that happened to one’s own account' },
  ),
)
export type Activity = Static<typeof Activity>

export const ActivityPage = named(
  'ActivityPage',
  Type.Object({
    items: Type.Array(ref(Activity), { description: 'newest first' }),
    next_cursor: NextCursor,
  }),
)
export type ActivityPage = Static<typeof ActivityPage>
