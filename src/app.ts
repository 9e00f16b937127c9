/** The table of contents: everything the service is made of, in the order in which it is put together. */
import { randomBytes } from 'node:crypto'
import type { Server } from 'node:http'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify, {
  type FastifyError,
  type FastifyHttpOptions,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type LogController,
} from 'fastify'
import audit from '../plugins/audit.ts'
import authenticate from '../plugins/authenticate.ts'
import brokenOff from '../plugins/broken-off.ts'
import db from '../plugins/db.ts'
import docs from '../plugins/docs.ts'
import ephemeral from '../plugins/ephemeral.ts'
import errors, { answerBrokenRequest, sendProblem, toFailure } from '../plugins/errors.ts'
import forwarded from '../plugins/forwarded.ts'
import givingWay from '../plugins/giving-way.ts'
import hasher from '../plugins/hasher.ts'
import jwt from '../plugins/jwt.ts'
import { lateLoggers } from '../plugins/late-logger.ts'
import lookAlikes from '../plugins/look-alikes.ts'
import mail from '../plugins/mail.ts'
import mailRequests from '../plugins/mail-requests.ts'
import methods from '../plugins/methods.ts'
import metrics from '../plugins/metrics.ts'
import newPasswords from '../plugins/new-passwords.ts'
import openapi from '../plugins/openapi.ts'
import rateLimit from '../plugins/rate-limit.ts'
import { createRequestLog } from '../plugins/request-log.ts'
import requests from '../plugins/requests.ts'
import security, { SECURITY_HEADERS } from '../plugins/security.ts'
import { createSerializers } from '../plugins/serializer.ts'
import standing from '../plugins/standing.ts'
import stopping from '../plugins/stopping.ts'
import throttle from '../plugins/throttle.ts'
import traces from '../plugins/traces.ts'
import { buildValidator } from '../plugins/validator.ts'
import routes from '../routes/index.ts'
import type { Config } from './config.ts'
import { createCounts } from './counts.ts'
import { openDatabase } from './db/open.ts'
import { createSharedClock } from './operation/clock.ts'
import { type LogOutput, standardOutput } from './operation/log.ts'
import { describeError } from './operation/stack.ts'
import { VERSION } from './operation/version.ts'
import type { Wait } from './passwords/floor.ts'

export { VERSION }

interface Options {
  /** the clock of this machine, in epoch ms, which the database's corrects where there is one */
  machine?: () => number
  /** the time, in epoch ms, in place of both */
  now?: () => number
  /** the clock that never jumps, in ms */
  elapsed?: () => number
  /** where the log goes; standard output by default */
  logStream?: LogOutput
  /** what refusals of passwords wait by; a timer by default */
  wait?: Wait
  /** how many hashes may wait with the threads that make them; see `createHasher` */
  hashesAhead?: number
}

/** Longest wait for a whole request, and for its header, in ms. */
const REQUEST_TIMEOUT = 30_000
const HEADERS_TIMEOUT = 15_000

/** Longer than the idle time of common load balancers (60 s), so that theirs ends first; in ms. */
const KEEP_ALIVE_TIMEOUT = 72_000

/** A socket on which nothing at all happens is closed, in ms. */
const CONNECTION_TIMEOUT = 120_000

/**
 * Puts the service together, ready to listen or to be injected into.
 * @throws when the database, Redis or the signing keys cannot be used
 */
export async function buildApp(
  config: Config,
  {
    machine = Date.now,
    now,
    elapsed = () => performance.now(),
    logStream = standardOutput(),
    wait,
    hashesAhead = 0,
  }: Options = {},
): Promise<FastifyInstance> {
  const app = Fastify(serverOptions(config, logStream)).withTypeProvider<TypeBoxTypeProvider>()
  const counts = createCounts()
  const database = openDatabase(config.database_url, {
    pool: config.database_pool,
    counts: config.metrics && counts.database,
  })
  app.decorate('config', config)
  app.decorate('counts', counts)
  const clock = createSharedClock({ machine, elapsed, log: app.log })
  app.decorate('now', now ?? clock.now)
  app.decorate('elapsed', elapsed)
  try {
    await app.register(traces, { version: VERSION })
    await app.register(rateLimit)
    await app.register(errors)
    await app.register(stopping)
    await app.register(requests)
    await app.register(brokenOff)
    await app.register(givingWay)
    await app.register(methods)
    await app.register(openapi, { version: VERSION })
    await app.register(security)
    await app.register(forwarded)

    await app.register(db, { database, clock })
    await app.register(ephemeral, { database })
    await app.register(standing, { database })
    await app.register(jwt)
    await app.register(audit)
    await app.register(mail)
    await app.register(hasher, { ahead: hashesAhead, wait })
    await app.register(throttle)
    await app.register(lookAlikes)
    await app.register(newPasswords)
    await app.register(mailRequests)
    await app.register(authenticate)
    await app.register(metrics)

    await app.register(routes, { version: VERSION })
    app.refuseOtherMethods()
    await app.register(docs)
    await app.ready()
    return app as unknown as FastifyInstance
  } catch (error) {
    await app.close().catch(() => {})
    throw error
  }
}

function serverOptions(config: Config, logStream: LogOutput): FastifyHttpOptions<Server> {
  const logController = createRequestLog(config, logStream)
  return {
    logger: {
      level: config.log_level,
      redact: ['req.headers.authorization', 'req.headers.cookie', 'res.headers["set-cookie"]'],
      serializers: { err: describeError },
      stream: logStream,
    },
    logController,
    childLoggerFactory: lateLoggers,
    genReqId: (request) => requestId(request.headers['x-request-id']),
    bodyLimit: config.body_limit,
    requestTimeout: REQUEST_TIMEOUT,
    connectionTimeout: CONNECTION_TIMEOUT,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT,
    http: { headersTimeout: HEADERS_TIMEOUT },
    trustProxy: trustedProxies(config.trust_proxy),
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    schemaController: { compilersFactory: { buildValidator, buildSerializer: createSerializers() } } as never,
    frameworkErrors: (error, request, reply) =>
      answerUnroutable(error, request as never, reply as never, logController),
    clientErrorHandler: (error, socket) => answerBrokenRequest(error, socket),
  }
}

/** What cannot be routed, such as `/%zz`, runs through no hooks and leaves no line; both are made up for here. */
function answerUnroutable(error: FastifyError, request: FastifyRequest, reply: FastifyReply, log: LogController) {
  reply.headers(SECURITY_HEADERS).header('x-request-id', request.id)
  reply.raw.once('finish', () => log.requestCompleted(error, request, reply))
  return sendProblem(toFailure(error), request, reply)
}

/** Fastify takes networks; a number of hops is the operator's word that nobody reaches the service past the proxies. */
function trustedProxies(proxies: Config['trust_proxy']) {
  if (typeof proxies === 'number') return (_address: string, hop: number) => hop < proxies
  return proxies ? [...proxies] : false
}

/** Told apart from every other process by 96 random bits, and from one another by their number: a UUID each costs more. */
const PROCESS = randomBytes(12).toString('base64url')
let received = 0

/** The client's own id for the request if it is harmless in a log, a new one otherwise. */
function requestId(header: string | string[] | undefined): string {
  if (typeof header === 'string' && /^[\w.-]{8,128}$/.test(header)) return header
  received += 1
  return `${PROCESS}.${received.toString(36)}`
}
