import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { checkHealth, checkReady, Health, Live, Ready } from '../src/operation/health.ts'
import { answer, problems } from './contract.ts'
import { countAs } from './guard.ts'

/** For people, for the container engine, and for the load balancer. */
const health: FastifyPluginAsyncTypebox<{ version: string }> = async (app, { version }) => {
  countAs(app, 'health')
  app.addHook('onRoute', (route) => {
    route.config = { ...route.config, always: true }
  })
  // an hour ago the service may have been well
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('cache-control', 'no-store')
  })

  app.route({
    method: 'GET',
    url: '/health',
    schema: {
      operationId: 'getHealth',
      summary: 'The state of the service and of what it stands on',
      description: 'Answers 200 as long as the service can answer at all; `status` says how well.',
      tags: ['health'],
      security: [],
      response: { 200: answer(Health, 'How the service is') },
    },
    handler: () => checkHealth(app, version, app.isStopping()),
  })

  app.route({
    method: 'GET',
    url: '/health/live',
    schema: {
      operationId: 'getLiveness',
      summary: 'Whether the process runs',
      description: 'For the container engine: touches neither database nor store.',
      tags: ['health'],
      security: [],
      response: { 200: answer(Live, 'It runs') },
    },
    handler: async () => ({ status: 'ok' as const }),
  })

  app.route({
    method: 'GET',
    url: '/health/ready',
    schema: {
      operationId: 'getReadiness',
      summary: 'Whether the service should be sent requests',
      description:
        'For the load balancer: 503 while the service stops, cannot reach its database, or cannot write to it; also when that is gone, or an upgrade has left this version behind.',
      tags: ['health'],
      security: [],
      response: { 200: answer(Ready, 'It is ready'), ...problems('unavailable') },
    },
    handler: () => checkReady(app, app.isStopping()),
  })
}

export default health
