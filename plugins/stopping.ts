import type { ServerResponse } from 'node:http'
import { Server, type Socket } from 'node:net'
import { setTimeout as after } from 'node:timers/promises'
import fp from 'fastify-plugin'
import { unfinishedAnswer } from './errors.ts'

/** How often connections are looked at while the service ends, in ms. */
const LOOK = 50

/** The end: the service says that it is not ready, answers what it has begun, and lets no connection hold it up. */
export default fp(
  async (app) => {
    let stopping = false
    let parting = false
    const connections = new Set<Socket>()
    let closing: NodeJS.Timeout | undefined

    const isIdle = (connection: Socket) => !unfinishedAnswer(connection)

    /** Clients that keep their connection should make the next one to another node. */
    function part(): void {
      if (parting) return
      parting = true
      const partWith = (answer: ServerResponse) => answer.headersSent || answer.setHeader('connection', 'close')
      app.server.prependListener('request', (_request, answer) => partWith(answer))
      for (const answer of [...connections].map(unfinishedAnswer)) if (answer) partWith(answer)
    }

    /** Resolves when the condition holds, or after `limit` ms. */
    async function until(holds: () => boolean, limit: number): Promise<void> {
      const end = performance.now() + limit
      while (!holds() && performance.now() < end) await after(LOOK)
    }

    app.decorate('isStopping', () => stopping)
    app.decorate('beginStopping', () => {
      stopping = true
      part()
    })
    app.decorate('closeDoor', () => {
      part()
      // the HTTP server's own way would close idle connections too, on which a client may have just sent a request
      Server.prototype.close.call(app.server)
    })
    app.decorate('connectionsGone', (limit) => until(() => connections.size === 0, limit))
    app.decorate('idleConnectionsGone', (limit) => until(() => ![...connections].some(isIdle), limit))

    // Watched by connection, since a listener for each answer was a measurable part of an authenticated request.
    app.server.on('connection', (socket) => {
      connections.add(socket)
      socket.once('close', () => connections.delete(socket))
    })
    app.addHook('preClose', async () => {
      app.beginStopping()
      // Node closes what it takes for idle, and takes a connection on which nothing has come yet for busy; browsers
      // open such ones in advance
      closing = setInterval(() => {
        if ([...connections].every(isIdle)) app.server.closeAllConnections()
      }, LOOK)
    })
    app.addHook('onClose', async () => clearInterval(closing))
  },
  { name: 'stopping' },
)
