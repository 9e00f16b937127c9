/** Every route that the service has, the hidden ones too: Fastify announces an instance before it has any. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { FastifyInstance, HTTPMethods, RouteOptions } from 'fastify'
import type { Test } from 'tap'
import { type Environment, startApp, type TestApp } from './app.ts'

export interface Route {
  method: HTTPMethods
  url: string
  config: RouteOptions['config']
}

/** Starts the service, and lists its routes. */
export async function startAndListRoutes(
  t: Test,
  environment: Environment = {},
): Promise<{ app: TestApp; routes: readonly Route[] }> {
  const seen: RouteOptions[] = []
  const watch = (message: unknown) => {
    ;(message as { fastify: FastifyInstance }).fastify.addHook('onRoute', (route: RouteOptions) => {
      seen.push(route)
    })
  }
  subscribe('fastify.initialization', watch)
  const app = await startApp(t, environment)
  unsubscribe('fastify.initialization', watch)
  // read when all is there: the folders of routes add to their configuration
  const routes = seen.flatMap(({ method, url, config }) =>
    [method].flat().map((each) => ({ method: each as HTTPMethods, url, config })),
  )
  return { app, routes }
}

/** A path of that route, with something in place of what it names. */
export const filledIn = (url: string) => url.replace(/:\w+/g, '0198c1a2-7d3e-7b4a-9c55-0f2f6c1d9e21').replace('*', 'x')
