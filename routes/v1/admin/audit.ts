import { Readable } from 'node:stream'
import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { exportEvents, listEvents } from '../../../src/audit/list.ts'
import { recordEvent } from '../../../src/audit/record.ts'
import { AuditPage, AuditQuery } from '../../../src/audit/schema.ts'
import { ref } from '../../../src/schemas.ts'
import { actorOf } from '../../origin.ts'

const LINES = 'application/x-ndjson'

/** The log of what happened. */
const audit: FastifyPluginAsyncTypebox = async (app) => {
  const countExport = app.limit('export')
  app.route({
    method: 'GET',
    url: '/audit',
    // a HEAD would export everything, and show nothing of it
    exposeHeadRoute: false,
    config: {
      permission: 'audit:read',
      recent: { when: asksForLines, inWords: 'where all events are asked for at once' },
    },
    onRequest: (request, reply, done) => (asksForLines(request) ? countExport(request, reply, done) : done()),
    schema: {
      operationId: 'listAuditEvents',
      summary: 'What happened, page by page',
      description:
        'Newest first. With `format=jsonl`, or `Accept: application/x-ndjson`, all events that fit come in one answer, ' +
        'one JSON object a line, however many there are; that is an event itself.',
      tags: ['audit'],
      querystring: AuditQuery,
      response: {
        200: {
          description: 'A page of events, or all of them as lines',
          content: {
            'application/json': { schema: ref(AuditPage) },
            [LINES]: { schema: Type.String({ description: 'an `AuditEvent` a line', example: EXAMPLE_LINE }) },
          },
        },
      },
    },
    handler: async (request, reply) => {
      const { format: _, limit, cursor, ...filter } = request.query
      if (!asksForLines(request))
        return (await listEvents(app, { ...filter, limit, ...(cursor && { cursor }) })) as never
      await recordEvent(app.db, app, { action: 'audit.export', actor: actorOf(request) })
      return reply.type(LINES).send(Readable.from(exportEvents(app, filter)) as never)
    },
  })
}

const EXAMPLE_LINE =
  '{"id":"0198c1a2-7d3e-7b4a-9c55-0f2f6c1d9e21","seq":5,"at":"2026-01-31T08:15:30.000Z","action":"login","outcome":"success"}\n'

/** Whether all events are to come in one answer. */
function asksForLines({ query, headers }: FastifyRequest): boolean {
  const { format } = query as { format?: unknown }
  return format === undefined ? headers.accept?.includes(LINES) === true : format === 'jsonl'
}

export default audit
