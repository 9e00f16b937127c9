/** How long requests take, by route, method and status. */
import type { FastifyInstance } from 'fastify'
import { createDurations, type Durations, observe } from '../src/counts.ts'
import type { Family, Sample } from '../src/operation/exposition.ts'

/** The buckets' upper bounds, in ms. */
const BOUNDS = [0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000]

/** Every other method is one label: a client can make up many. */
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/** What one route has answered, by method and status. */
type Answers = Map<string, Map<number, Durations>>

/**
 * Notes how long each request took. Found by the route's own object and by number, without making a text of the labels:
 * that was most of what this cost a request.
 */
export function watchRequests(app: FastifyInstance): Family {
  const routes = new Map<object | undefined, { url: string; answers: Answers }>()

  app.addHook('onResponse', (request, reply, done) => {
    const { config, url } = request.routeOptions
    // the pattern, not the URL: labels must be few, and URLs hold ids
    const key = url === undefined ? undefined : config
    let route = routes.get(key)
    if (!route) {
      route = { url: url ?? 'unknown', answers: new Map() }
      routes.set(key, route)
    }
    observe(durationsOf(route.answers, request.method, reply.statusCode), reply.elapsedTime)
    done()
  })

  return {
    name: 'latchkey_http_request_duration_seconds',
    help: 'Time from request to answer',
    type: 'histogram',
    *samples(): Iterable<Sample> {
      for (const { url, answers } of routes.values())
        for (const [method, statuses] of answers)
          for (const [status, value] of statuses) yield { labels: { method, route: url, status }, value }
    },
  }
}

function durationsOf(answers: Answers, method: string, status: number): Durations {
  const label = METHODS.has(method) ? method : 'other'
  let statuses = answers.get(label)
  if (!statuses) {
    statuses = new Map()
    answers.set(label, statuses)
  }
  let durations = statuses.get(status)
  if (!durations) {
    durations = createDurations(BOUNDS)
    statuses.set(status, durations)
  }
  return durations
}
