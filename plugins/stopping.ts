import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import fp from 'fastify-plugin'
import { unfinishedAnswer } from './errors.ts'

/** How often connections are looked at while the service closes, in ms. */
const LOOK = 50

/** The end: the service says that it is not ready, answers what it has begun, and lets no connection hold it up. */
export default fp(
  async (app) => {
    let stopping = false
    const connections = new Set<Socket>()
    let closing: NodeJS.Timeout | undefined

    app.decorate('isStopping', () => stopping)
    app.decorate('beginStopping', () => {
      if (stopping) return
      stopping = true
      // clients that keep their connection should make the next one to another node
      const partWith = (answer: ServerResponse) => answer.headersSent || answer.setHeader('connection', 'close')
      app.server.prependListener('request', (_request, answer) => partWith(answer))
      for (const answer of [...connections].map(unfinishedAnswer)) if (answer) partWith(answer)
    })

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
        if (![...connections].some(unfinishedAnswer)) app.server.closeAllConnections()
      }, LOOK)
    })
    app.addHook('onClose', async () => clearInterval(closing))
  },
  { name: 'stopping' },
)
