import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import { Failure } from '../src/errors.ts'
import { CLASSES, LIMIT_CLASSES, type LimitClass } from '../src/throttling/classes.ts'
import { type Allowance, callerAt, createLimiter } from '../src/throttling/limiter.ts'

type Hook = (request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction) => void

/**
 * So many calls of a class to each caller: the class is the route's `config.limit`, or what its folder says, or `public`.
 * `RATE_LIMIT=off` leaves every route without the hook.
 */
export default fp(
  async (app) => {
    const isOn = app.config.rate_limit === 'on'
    const hooks = new Map(isOn ? LIMIT_CLASSES.map((name) => [name, hookOf(name)]) : [])
    const pass: Hook = (_request, _reply, done) => done()
    const ours = new WeakSet<Hook>()

    app.decorate('limit', (name) => hooks.get(name) ?? pass)
    // no hook of a route comes after a guard that refuses
    app.decorate('refuse', (failure, request, reply, done) => {
      if ((failure as Partial<Failure>).statusCode !== 401) done(failure)
      else app.limit('refused')(request, reply, (tooMany) => done(tooMany ?? failure))
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
      const limiter = createLimiter(app, name)
      const { most, window } = app.config.rate_limits[name]
      const byAccount = CLASSES[name].by === 'account'
      const policy = `"${name}";q=${most};w=${Math.ceil(window / 1000)}`
      const allowance = `"${name}";r=`

      // draft-ietf-httpapi-ratelimit-headers-10
      const judge = ({ isOver, left, resets }: Allowance, reply: FastifyReply, done: HookHandlerDoneFunction) => {
        reply.header('ratelimit-policy', policy).header('ratelimit', `${allowance}${left};t=${resets}`)
        if (!isOver) return done()
        app.counts.limited[name] += 1
        done(new Failure('rate_limited', { retryAfter: resets }))
      }
      return (request, reply, done) => {
        const { session, ip } = request
        const counted = limiter.count(byAccount && session ? session.account.id : callerAt(ip))
        if (counted instanceof Promise) counted.then((allowed) => judge(allowed, reply, done), done)
        else judge(counted, reply, done)
      }
    }
  },
  { name: 'rate-limit' },
)
