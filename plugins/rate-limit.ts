import rateLimit, { type FastifyRateLimitStore } from '@fastify/rate-limit'
import type { FastifyInstance, FastifyReply, FastifyRequest, HookHandlerDoneFunction, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import { Failure } from '../src/errors.ts'
import { CLASSES, LIMIT_CLASSES, type LimitClass } from '../src/throttling/classes.ts'
import { callerAt, createLimiter, type Limiter } from '../src/throttling/limiter.ts'

type Hook = (request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction) => void

/**
 * So many calls of a class to each caller: the class is the route's `config.limit`, or what its folder says, or `public`.
 * `RATE_LIMIT=off` leaves every route without the hook.
 */
export default fp(
  async (app) => {
    const isOn = app.config.rate_limit === 'on'
    if (isOn) await app.register(rateLimit, { global: false, store: storeOver(app) })
    const hooks = new Map(isOn ? LIMIT_CLASSES.map((name) => [name, hookOf(name)]) : [])
    const pass: Hook = (_request, _reply, done) => done()
    const ours = new WeakSet<Hook>()

    app.decorate('limit', (name) => hooks.get(name) ?? pass)
    // no hook of a route comes after a guard that refuses
    app.decorate('refuse', (failure, request, reply, done) => {
      const name = classOfRefused((failure as Partial<Failure>).statusCode, request)
      if (name === undefined) done(failure)
      else app.limit(name)(request, reply, (tooMany) => done(tooMany ?? failure))
    })
    if (isOn) app.addHook('onRoute', limitRoute)

    /** After the hooks of its scope, so that a guarded route knows who asks. */
    function limitRoute(route: RouteOptions): void {
      const hooksOfRoute = [route.onRequest ?? []].flat() as Hook[]
      // a HEAD route has those of its GET
      if (hooksOfRoute.some((hook) => ours.has(hook))) return
      let chosen: Hook | undefined
      // by the first call the folder has had its say
      const hook: Hook = (request, reply, done) => {
        chosen ??= app.limit(route.config?.limit ?? 'public')
        chosen(request, reply, done)
      }
      ours.add(hook)
      route.onRequest = [...hooksOfRoute, hook]
    }

    function hookOf(name: LimitClass): Hook {
      const { most, window } = app.config.rate_limits[name]
      const byAccount = CLASSES[name].by === 'account'
      const count = app.createRateLimit({
        max: most,
        timeWindow: window,
        keyGenerator: ({ session, ip }) => `${name}:${byAccount && session ? session.account.id : callerAt(ip)}`,
      })
      const policy = `"${name}";q=${most};w=${Math.ceil(window / 1000)}`

      // draft-ietf-httpapi-ratelimit-headers-10; the library has the names of an older one
      const judge = (
        counted: Awaited<ReturnType<typeof count>>,
        reply: FastifyReply,
        done: HookHandlerDoneFunction,
      ) => {
        if (counted.isAllowed) return done()
        const { isExceeded, remaining } = counted
        const resets = Math.max(1, counted.ttlInSeconds)
        reply.header('ratelimit-policy', policy).header('ratelimit', `"${name}";r=${remaining};t=${resets}`)
        if (!isExceeded) return done()
        app.counts.limited[name] += 1
        done(new Failure('rate_limited', { retryAfter: resets }))
      }
      return (request, reply, done) => {
        count(request).then((counted) => judge(counted, reply, done), done)
      }
    }
  },
  { name: 'rate-limit' },
)

/** What a call that a guard refused counts among; undefined where it has counted already, or nobody is to blame. */
function classOfRefused(status: number | undefined, { body, routeOptions }: FastifyRequest): LimitClass | undefined {
  if (status === 401) return 'refused'
  // by the time there is a body, the hook of the route has had its turn
  return status === 403 && body === undefined ? (routeOptions.config.limit ?? 'public') : undefined
}

/** The library's store, over our own counters: its own forget the clock of the service, and count in Redis or not at all. */
function storeOver(app: FastifyInstance) {
  const limiters = new Map<string, Limiter>(LIMIT_CLASSES.map((name) => [name, createLimiter(app, name)]))

  return class Store implements FastifyRateLimitStore {
    incr(key: string, done: Parameters<FastifyRateLimitStore['incr']>[1]): void {
      const at = key.indexOf(':')
      const counted = limiters.get(key.slice(0, at))?.count(key.slice(at + 1))
      if (counted instanceof Promise) counted.then(({ count, left }) => done(null, { current: count, ttl: left }), done)
      else if (counted) done(null, { current: counted.count, ttl: counted.left })
      else done(new Error(`there is no class of calls for ${key}`))
    }

    child(): Store {
      return this
    }
  }
}
