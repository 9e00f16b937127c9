/** Passwords tried from many addresses. */
import type { FastifyInstance } from 'fastify'
import { BUDGET_NAMES } from '../../src/throttling/budgets.ts'
import { LIMIT_CLASSES } from '../../src/throttling/classes.ts'
import type { Environment, TestApp } from './app.ts'

/** Tries of passwords are counted, and nothing else is limited. */
export const TRIES_COUNT: Environment = {
  RATE_LIMIT: 'on',
  RATE_LIMITS: [...LIMIT_CLASSES, ...BUDGET_NAMES].map((name) => `${name}=1000000/1h`).join(),
}

let networks = 0

/** An address that no test has used: Redis remembers those of other tests. */
export function newAddress(): string {
  networks += 1
  return `10.${(networks >> 16) & 255}.${(networks >> 8) & 255}.${networks & 255}`
}

interface Login {
  identifier: string
  password: string
  remoteAddress?: string
  headers?: Record<string, string>
}

/** Logs in, with what a browser or a program sends. */
export function logIn(app: FastifyInstance, { identifier, password, remoteAddress, headers = {} }: Login) {
  return app.inject({
    method: 'POST',
    url: '/api/v1/auth/login',
    payload: { identifier, password },
    headers,
    remoteAddress: remoteAddress ?? newAddress(),
  })
}

/** The header by which a device is known. */
export const onDevice = (token: string) => ({ 'x-device-token': token })

/** How many passwords were hashed since the start, one for the decoy not among them. */
export function hashed(app: TestApp | FastifyInstance): number {
  return app.hasher.counts.work.counts.reduce((sum, count) => sum + count, 0)
}
