import { Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { exportEvents, listEvents } from '../../../src/audit/list.ts'
import { recordEvent } from '../../../src/audit/record.ts'
import { AuditFilter, AuditPage, AuditQuery } from '../../../src/audit/schema.ts'
import { answer, text } from '../../contract.ts'
import { actorOf } from '../../origin.ts'

const LINES = 'application/x-ndjson'

const LINES_EXAMPLE = `{"id":"0198c1a2-7d3e-7b4a-9c55-0f2f6c1d9e22","at":"2026-01-31T08:16:02.000Z","action":"session.end","outcome":"success"}
{"id":"0198c1a2-7d3e-7b4a-9c55-0f2f6c1d9e21","at":"2026-01-31T08:15:30.000Z","action":"session.start","outcome":"success"}
`

/** The log of what happened. */
const audit: FastifyPluginAsyncTypebox = async (app) => {
  app.route({
    method: 'GET',
    url: '/audit',
    config: { permission: 'audit:read' },
    schema: {
      operationId: 'listAuditEvents',
      summary: 'What happened, page by page',
      description: 'Newest first.',
      tags: ['audit'],
      querystring: AuditQuery,
      response: { 200: answer(AuditPage, 'A page of events') },
    },
    handler: ({ query: { limit, cursor, ...filter } }) =>
      listEvents(app, { ...filter, limit, ...(cursor !== undefined && { cursor }) }),
  })

  app.route({
    method: 'GET',
    url: '/audit/export',
    // a HEAD would export everything, and show nothing of it
    exposeHeadRoute: false,
    config: { permission: 'audit:read', recent: true, limit: 'export' },
    schema: {
      operationId: 'exportAuditEvents',
      summary: 'Everything that happened, in one answer',
      description:
        'Newest first, one JSON object a line, each an `AuditEvent`, however many there are. That somebody asked for it is ' +
        'an event itself.',
      tags: ['audit'],
      querystring: AuditFilter,
      response: { 200: text(LINES, 'All events that fit, as lines', LINES_EXAMPLE) },
    },
    handler: async (request, reply) => {
      await recordEvent(app.db, app, { action: 'audit.export', actor: actorOf(request) })
      return reply.type(LINES).send(Readable.from(exportEvents(app, request.query)) as never)
    },
  })
}

export default audit
