/** The service as the tests build it: real stores, a clock to turn, and every answer and log line watched. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance, InjectOptions } from 'fastify'
import root, { type Test } from 'tap'
import { buildApp } from '../../src/app.ts'
import { OPERATOR } from '../../src/audit/actor.ts'
import { loadConfig } from '../../src/config.ts'
import { PAGES } from '../../src/mail/links.ts'
import type { Wait } from '../../src/passwords/floor.ts'
import { openAccount } from '../../src/sign-in/open-account.ts'
import { type Answer, violation } from './contract.ts'
import { newPostgresDatabase } from './postgres.ts'
import { type RedisServer, startRedis } from './redis.ts'
import { asRoute, sendingFault, watchSending } from './sending.ts'

/** A time that stands still until it is moved. */
export interface Clock {
  now: () => number
  /** it is a machine's, which the service may correct */
  isMachines?: true
  /** what does not jump with it */
  elapsed: () => number
  /** lets time pass */
  advance: (ms: number) => void
  /** sets the clock, as an administrator or NTP does: no time passes */
  jump: (ms: number) => void
}

export function testClock(start = Date.UTC(2026, 0, 31, 8, 15, 30)): Clock {
  let time = start
  let passed = 0
  return {
    now: () => time,
    elapsed: () => passed,
    advance(ms) {
      time += ms
      passed += ms
    },
    jump(ms) {
      time += ms
    },
  }
}

/**
 * The weakest parameters that the configuration allows: what is hashed here protects nobody. New people have new passwords in
 * every run, of which the filter of breached ones would take some for its own.
 */
export const CHEAP_HASH = {
  ARGON2_MEMORY: '1024',
  ARGON2_TIME: '1',
  ARGON2_PARALLELISM: '1',
  PASSWORD_POLICY: 'length',
}

export const JWT_KEY = 'a master key for tests, of more than 32 bytes'

export type Environment = Record<string, string>

/** Whether this run is the one on PostgreSQL; `npm test` runs what touches a database on either. */
export const onPostgres = () => process.env['LATCHKEY_TESTS_DATABASE'] === 'postgres'

/** Variables for a service on a database of its own. */
export function testEnvironment(t: Test, more: Environment = {}): Environment {
  const dir = mkdtempSync(join(tmpdir(), 'latchkey-test-'))
  t.teardown(() => rmSync(dir, { recursive: true, force: true }))
  return {
    NODE_ENV: 'test',
    JWT_KEY,
    DATABASE_URL: onPostgres() ? newPostgresDatabase(t) : `sqlite:${join(dir, 'test.db')}`,
    MAIL_DIR: join(dir, 'mail'),
    RATE_LIMIT: 'off',
    ...CHEAP_HASH,
    ...more,
  }
}

export interface TestApp extends FastifyInstance {
  clock: Clock
  /** everything logged so far */
  logged: () => string
  environment: Environment
}

/**
 * Builds the service for one test and closes it after. At the end the test fails if any answer broke the contract,
 * or if the log holds a password or a token that passed through.
 * @param wait what refusals of passwords wait by: no time passes by itself here, so by default they leave at once
 */
export async function startApp(
  t: Test,
  environment: Environment = {},
  clock = testClock(),
  wait: Wait = async () => {},
): Promise<TestApp> {
  const variables = environment['DATABASE_URL'] ? environment : testEnvironment(t, environment)
  let log = ''
  const write = (line: string) => {
    log += line
  }
  const time = clock.isMachines ? { machine: clock.now } : { now: clock.now }
  const app = await buildApp(loadConfig(variables), { ...time, elapsed: clock.elapsed, wait, logStream: { write } })
  const violations: string[] = []
  const secrets = new Set<string>()

  watch(app, violations, secrets)
  t.teardown(async () => {
    await app.close()
    if (violations.length > 0) failEnded(t, `answers break the contract:\n${violations.join('\n')}`)
    failIfLogged(t, log, secrets)
  })
  return Object.assign(app, { clock, logged: () => log, environment: variables }) as TestApp
}

/** Fails a test that has ended: it takes no assertion any more, and where its teardown throws tap loses count of the others. */
function failEnded(t: Test, message: string): void {
  root.fail(`${t.fullname}: ${message}`)
}

/** Fails a test that has ended if the log holds one of these. */
export function failIfLogged(t: Test, log: string, secrets: ReadonlySet<string>): void {
  const told = log.replaceAll(OWN_WORDS, '')
  const leaked = [...secrets].filter((secret) => told.includes(secret))
  if (leaked.length > 0) failEnded(t, `the log holds ${leaked.length} secrets`)
}

/** A line that comes a second after the start, and has in it what one of the reference systems takes for a password. */
const OWN_WORDS = '"msg":"what a password hash costs"'

const SECRET_MEMBERS = [
  'password',
  'current_password',
  'new_password',
  'refresh_token',
  'access_token',
  'jwt_token',
  'token',
]

/** Notes what a body holds that no log may show. */
export function collectSecrets(body: unknown, secrets: Set<string>): void {
  if (typeof body !== 'object' || body === null) return
  for (const member of SECRET_MEMBERS) {
    const value = (body as Record<string, unknown>)[member]
    // anything shorter would be found by chance
    if (typeof value === 'string' && value.length >= 8) secrets.add(value)
  }
}

/** Looks over the shoulder of `inject`, which every in-process test goes through. */
function watch(app: FastifyInstance, violations: string[], secrets: Set<string>): void {
  const inject = app.inject.bind(app) as (
    options: InjectOptions,
  ) => Promise<Awaited<ReturnType<FastifyInstance['inject']>>>
  const watched = async (options: InjectOptions) => {
    const path = String(options.url).split('?', 1)[0] ?? ''
    const method = options.method ?? 'GET'
    const response = await asRoute(method, path, async () => await inject(options))
    const judge = isPage(path, response.headers) ? pageFault : violation
    if (method !== 'HEAD' && !/^\/(docs|redoc|metrics)/.test(path)) {
      const broken = judge({
        method,
        path,
        status: response.statusCode,
        headers: response.headers,
        body: response.body,
      })
      if (broken) violations.push(broken)
    }
    collectSecrets(options.payload, secrets)
    if (response.body && String(response.headers['content-type']).startsWith('application/json'))
      collectSecrets(response.json(), secrets)
    return response
  }
  app.inject = watched as unknown as typeof app.inject
  watchSending(app, (sent) => {
    const fault = sendingFault(sent)
    if (fault && !violations.includes(fault)) violations.push(fault)
  })
}

/** Pages for people are not in the contract; whatever they answer keeps to rules of its own. */
const isPage = (path: string, { 'content-type': type }: Answer['headers']) =>
  PAGES.some((page) => path === `/${page}`) && String(type).startsWith('text/html')

const PAGE_HEADERS = {
  'content-security-policy':
    /^default-src 'none'; style-src 'sha256-[\w+/=]+'; img-src data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'$/,
  'cache-control': /^no-store$/,
  'referrer-policy': /^strict-origin$/,
  vary: /^accept-language$/,
} as const

/** What an answer with a page does that none may. */
function pageFault({ method, path, status, headers, body }: Answer): string | undefined {
  const lacking = Object.entries(PAGE_HEADERS).filter(([name, value]) => !value.test(String(headers[name])))
  const faults = lacking.map(([name]) => `${name}: ${headers[name]}`)
  if (/<script|javascript:|\son\w+=|(src|href)="(?!data:,")/.test(body))
    faults.push('something active or from elsewhere')
  // that of a device lets nobody in
  if (!/^((__Host-)?latchkey_device=.*|undefined)$/.test(String(headers['set-cookie']))) faults.push('a cookie')
  return faults.length === 0 ? undefined : `${method} ${path} → ${status}: ${faults.join(', ')}`
}

let redis: Promise<RedisServer> | undefined

/** This process's redis-server, started when it is first needed. */
export function sharedRedis(): Promise<RedisServer> {
  redis ??= startRedis()
  return redis
}

/** The suites that the machine cannot run, as the test script found out; in CI there are none. */
export function isLeftOut(
  part: 'redis' | 'chromium' | 'python' | 'pydantic' | 'java' | 'mounts' | 'network' | 'postgres',
): boolean {
  return (process.env['LATCHKEY_TESTS_WITHOUT'] ?? '').split(',').includes(part)
}

/** Runs the same tests on the embedded store and on Redis. */
export async function onEachStore(t: Test, run: (t: Test, environment: Environment) => Promise<void>): Promise<void> {
  await t.test('embedded store', (t) => run(t, {}))
  if (isLeftOut('redis')) return
  const { url } = await sharedRedis()
  await t.test('Redis', (t) => run(t, { REDIS_URL: url }))
}

let counter = 0

/** A registration that nobody has used yet. */
export function somebody(more: Record<string, unknown> = {}) {
  counter += 1
  const username = `user${counter}.${process.pid}`
  return { username, email: `${username}@example.org`, password: `a password for ${username}`, ...more }
}

export interface Tokens {
  access_token: string
  token_type: string
  expires_in: number
  refresh_token: string
  refresh_token_expires_in: number
}

export interface Person extends Tokens {
  username: string
  email: string
  password: string
  /** what to send as a header */
  authorization: { authorization: string }
}

export const post = (app: FastifyInstance, url: string, payload: object, headers: Record<string, string> = {}) =>
  app.inject({ method: 'POST', url: `/api/v1${url}`, payload, headers })

/** Registers somebody and returns their tokens. */
export async function registerSomebody(app: FastifyInstance, more: Record<string, unknown> = {}): Promise<Person> {
  const registration = somebody(more)
  const response = await post(app, '/auth/register', registration)
  if (response.statusCode !== 201) throw new Error(`registration failed: ${response.body}`)
  return asPerson(registration, response.json<Tokens>())
}

/** Makes an admin, as the command line would, and signs them in. */
export async function registerAdmin(app: FastifyInstance, more: Record<string, unknown> = {}): Promise<Person> {
  const registration = somebody(more)
  await openAccount(app, { ...registration, roles: ['admin', 'user'] }, OPERATOR)
  return asPerson(registration, await login(app, registration.username, registration.password))
}

/** Signs in; throws when that fails. */
export async function login(app: FastifyInstance, identifier: string, password: string): Promise<Tokens> {
  const response = await post(app, '/auth/login', { identifier, password })
  if (response.statusCode !== 200) throw new Error(`login failed: ${response.body}`)
  return response.json<Tokens>()
}

function asPerson(registration: { username: string; email: string; password: string }, tokens: Tokens): Person {
  return { ...registration, ...tokens, authorization: bearer(tokens.access_token) }
}

export function bearer(token: string): { authorization: string } {
  return { authorization: `Bearer ${token}` }
}

export const getMe = (app: FastifyInstance, accessToken: string) =>
  app.inject({ method: 'GET', url: '/api/v1/users/me', headers: bearer(accessToken) })

export const refresh = (app: FastifyInstance, refreshToken: string) =>
  post(app, '/auth/refresh', { refresh_token: refreshToken })
