/** The running service: its start, its banner, its end. */
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { buildApp, VERSION } from './app.ts'
import { type Config, ConfigError, loadConfig } from './config.ts'
import { authority } from './operation/values.ts'

/** How long requests in flight may take after a stop was asked for, in ms. */
const STOP_TIMEOUT = 20_000

/** How long the service answers "not ready" before it closes its door, so that load balancers see it; in ms. */
const DRAIN = { production: 2000, development: 0, test: 0 }

/** Starts the service and returns; signals end it. Faults are written to standard error and end the process with 1. */
export async function start(): Promise<void> {
  try {
    const config = loadConfig()
    const app = await buildApp(config)
    stopOnSignals(app, config)
    await app.listen({ host: config.host, port: config.port, listenTextResolver: () => '' })
    if (config.log_level !== 'silent') process.stderr.write(banner(app, config))
  } catch (error) {
    const lines = error instanceof ConfigError ? error.faults : [(error as Error).message]
    for (const line of lines) process.stderr.write(`latchkey: ${line}\n`)
    process.exit(1)
  }
}

function banner(app: FastifyInstance, config: Config): string {
  const { port } = app.server.address() as AddressInfo
  const base = `http://${authority(config.host, port)}`
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
    `  database   ${config.database_url}`,
    `  ephemeral  ${app.ephemeral.kind === 'redis' ? 'Redis' : 'embedded, in the database'}`,
    `  tokens     ${config.jwt_alg}, ${config.access_token_ttl / 1000} s`,
  ]
  return `${lines.join('\n')}\n`
}

/** The first signal lets requests in flight finish, the second ends the process at once. */
function stopOnSignals(app: FastifyInstance, config: Config): void {
  let stopping = false
  const stop = async (signal: NodeJS.Signals) => {
    if (stopping) process.exit(1)
    stopping = true
    app.log.info({ signal }, 'stopping')
    app.beginStopping()
    await new Promise((resolve) => setTimeout(resolve, DRAIN[config.node_env]))
    setTimeout(() => process.exit(1), STOP_TIMEOUT).unref()
    await app.close()
    process.exit(0)
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(signal))
}
