/** The running service: its start, as one process or as several, and its end. */
import cluster from 'node:cluster'
import { flushCompileCache } from 'node:module'
import type { AddressInfo } from 'node:net'
import { setTimeout as after } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { banner, shownStore } from './banner.ts'
import { type Config, loadConfig } from './config.ts'
import { explain } from './operation/explain.ts'
import { complain, printable } from './operation/printable.ts'
import { putHashingBehind } from './operation/priority.ts'
import { dedicateThreads } from './passwords/threads.ts'
import { StartFailure } from './workers/starting.ts'
import { runWorkers } from './workers/supervise.ts'
import { onOrder, reportClosed, reportFailure, reportReady } from './workers/worker.ts'

/** How long requests in flight may take after the door was closed, in ms. */
const STOP_TIMEOUT = 20_000

/**
 * How long the service answers "not ready" before it closes its door, so that load balancers see it; and how long it waits
 * beyond that for idle connections, on which a client may be about to send. Both in ms, from the signal on.
 */
const DRAIN = {
  production: { least: 2000, most: 7000 },
  development: { least: 0, most: 0 },
  test: { least: 0, most: 0 },
}

/**
 * A worker that was replaced waits this long for the clients of its open connections, in ms: longer than the service lets
 * any connection be idle, and any request take.
 */
const LINGER = 110_000

/**
 * Starts the service and returns; signals end it. Faults are written to standard error and end the process with 1.
 * @param over variables that win over the environment
 */
export async function start(over: Record<string, string> = {}): Promise<void> {
  try {
    Object.assign(process.env, over)
    const config = loadConfig()
    const announce = (running: Parameters<typeof banner>[1]) => {
      if (config.log_level !== 'silent') process.stderr.write(printable(banner(config, running)))
    }
    if (config.workers > 1) await runWorkers(config, announce)
    else await serve(config, cluster.isWorker ? reportReady : announce)
    // a service ends late, and not always in peace: the next start should find what this one compiled
    flushCompileCache()
  } catch (error) {
    const lines = error instanceof StartFailure ? error.lines : explain(error)
    if (cluster.isWorker) await reportFailure(lines)
    else for (const line of lines) complain(line)
    process.exit(1)
  }
}

async function serve(config: Config, announce: (running: Parameters<typeof banner>[1]) => void): Promise<void> {
  // the process that only starts others does without all of this
  const { buildApp } = await import('./app.ts')
  const app = await buildApp(config, { hashesAhead: dedicateThreads(config) })
  await putHashingBehind()
  if (cluster.isWorker) obeyParent(app, config)
  else stopOnSignals(app, config)
  await app.listen({
    host: config.host,
    port: config.port,
    listenTextResolver: (address) => `listening on ${address}`,
  })
  announce({ port: (app.server.address() as AddressInfo).port, store: shownStore(app.ephemeral) })
}

/** The first signal lets requests in flight finish, the second ends the process at once. */
function stopOnSignals(app: FastifyInstance, config: Config): void {
  let stopping = false
  const onSignal = (signal: NodeJS.Signals) => {
    if (stopping) process.exit(1)
    stopping = true
    app.log.info({ signal }, 'stopping')
    void stop(app, DRAIN[config.node_env])
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, onSignal)
}

/** The parent says when to end. A terminal and a supervisor send their signals to the workers as well. */
function obeyParent(app: FastifyInstance, config: Config): void {
  let stopping = false
  const beginStop = () => {
    if (!stopping) void stop(app, DRAIN[config.node_env])
    stopping = true
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, beginStop)
  process.on('SIGHUP', () => {})
  onOrder((order) => {
    if (order.do === 'stop') beginStop()
    if (order.do === 'retire') void retire(app)
  })
}

/** Others take new connections from now on; who has one here keeps it until the next answer, which ends it. */
async function retire(app: FastifyInstance): Promise<void> {
  app.closeDoor()
  await reportClosed()
  await app.connectionsGone(LINGER)
  await close(app)
}

async function stop(app: FastifyInstance, { least, most }: { least: number; most: number }): Promise<void> {
  app.beginStopping()
  await after(least)
  await app.idleConnectionsGone(most - least)
  await close(app)
}

/** Ends the process, with 0 when everything in flight was answered. */
async function close(app: FastifyInstance): Promise<void> {
  after(STOP_TIMEOUT, undefined, { ref: false }).then(() => {
    app.log.warn('some requests did not finish in time')
    process.exit(1)
  })
  try {
    await app.close()
  } catch (error) {
    app.log.error({ err: error }, 'the stop failed')
    process.exit(1)
  }
  app.log.info('stopped')
  process.exit(0)
}
