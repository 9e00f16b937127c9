/** The running service: its start, its banner, its end. */
import { flushCompileCache } from 'node:module'
import type { AddressInfo } from 'node:net'
import { setTimeout as after } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { buildApp, VERSION } from './app.ts'
import { type Config, loadConfig } from './config.ts'
import { shownUrl } from './db/open.ts'
import { explain } from './operation/explain.ts'
import { putHashingBehind } from './operation/priority.ts'
import { authority } from './operation/values.ts'

/** How long requests in flight may take after the door was closed, in ms. */
const STOP_TIMEOUT = 20_000

/** How long the service answers "not ready" before it closes its door, so that load balancers see it; in ms. */
const DRAIN = { production: 2000, development: 0, test: 0 }

/** Starts the service and returns; signals end it. Faults are written to standard error and end the process with 1. */
export async function start(): Promise<void> {
  try {
    const config = loadConfig()
    const app = await buildApp(config, { hashesAhead: dedicateThreads(config) })
    putHashingBehind()
    stopOnSignals(app, config)
    await app.listen({
      host: config.host,
      port: config.port,
      listenTextResolver: (address) => `listening on ${address}`,
    })
    if (config.log_level !== 'silent') process.stderr.write(banner(app, config))
    // a service ends late, and not always in peace: the next start should find what this one compiled
    flushCompileCache()
  } catch (error) {
    for (const line of explain(error)) process.stderr.write(`latchkey: ${line}\n`)
    process.exit(1)
  }
}

/**
 * Makes libuv's threads as many as hashes are in flight, so that some may wait there: a thread that has made one finds
 * the next by itself, where otherwise it idles until the main thread is back from the disk. Must come before the first
 * work for these threads.
 * @returns how many hashes may wait there
 */
function dedicateThreads({ hash_concurrency, uv_threadpool_size }: Config): number {
  process.env['UV_THREADPOOL_SIZE'] = String(uv_threadpool_size)
  return uv_threadpool_size > hash_concurrency ? 0 : hash_concurrency
}

/** Listening on these means on every address; browsers want one. */
const ANY = new Set(['0.0.0.0', '::'])

function banner(app: FastifyInstance, config: Config): string {
  const { port } = app.server.address() as AddressInfo
  const base = `http://${authority(ANY.has(config.host) ? 'localhost' : config.host, port)}`
  const metrics =
    config.metrics &&
    ('token' in config.metrics
      ? `${base}/metrics`
      : `http://${authority(config.metrics.host, config.metrics.port)}/metrics`)
  const lines = [
    `Latchkey ${VERSION} on Node ${process.versions.node}`,
    `  API        ${base}/api/v1`,
    `  try it     ${base}/docs`,
    `  read it    ${base}/redoc`,
    `  contract   ${base}/openapi.yaml`,
    ...(metrics ? [`  metrics    ${metrics}`] : []),
    `  database   ${shownUrl(config.database_url)}`,
    `  ephemeral  ${shownStore(app)}`,
    `  tokens     ${config.jwt_alg}, ${config.access_token_ttl / 1000} s`,
  ]
  return `${lines.join('\n')}\n`
}

function shownStore({ ephemeral }: FastifyInstance): string {
  if (ephemeral.kind === 'sql') return 'embedded, in the database'
  return ephemeral.isShared() ? 'in the database, counters in Redis' : 'in the database; REDIS DOES NOT ANSWER'
}

/** The first signal lets requests in flight finish, the second ends the process at once. */
function stopOnSignals(app: FastifyInstance, config: Config): void {
  let stopping = false
  const onSignal = (signal: NodeJS.Signals) => {
    if (stopping) process.exit(1)
    stopping = true
    app.log.info({ signal }, 'stopping')
    stop(app, DRAIN[config.node_env]).catch((error: unknown) => {
      app.log.error({ err: error }, 'the stop failed')
      process.exit(1)
    })
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, onSignal)
}

async function stop(app: FastifyInstance, drain: number): Promise<void> {
  app.beginStopping()
  await after(drain)
  after(STOP_TIMEOUT, undefined, { ref: false }).then(() => {
    app.log.warn('some requests did not finish in time')
    process.exit(1)
  })
  await app.close()
  app.log.info('stopped')
  process.exit(0)
}
