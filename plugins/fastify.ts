/** What the plugins add to Fastify's types: the only module augmentation. */
import type { HookHandlerDoneFunction } from 'fastify'
import type { Deps } from '../src/deps.ts'
import type { Failure } from '../src/errors.ts'
import type { Feature } from '../src/features.ts'
import type { Permission } from '../src/roles/permissions.ts'
import type { SessionState } from '../src/sessions/states.ts'
import type { LimitClass } from '../src/throttling/classes.ts'
import type { Contract } from './openapi.ts'
import type { ContractName } from './openapi-contracts.ts'

/** What is answered to a failure: JSON, or a text of some type. */
export type Retort = { status: number; body: object } | { status: number; body: string; type: string }

/** When a route needs a recent proof of who asks: always or when the body has one of these members. */
export type RecentProof = true | readonly string[]

declare module 'fastify' {
  interface FastifyInstance extends Deps {
    /** The guard: an `onRequest` hook that lets only living sessions pass, with the route's permission. */
    authenticate: (request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction) => void
    /** Whether the service has been told to stop: it is not ready, and finishes what it has. */
    isStopping: () => boolean
    /** Makes the service say that it is not ready, before it closes. */
    beginStopping: () => void
    /** Takes no more connections, while those that are open are served; the service stays ready. */
    closeDoor: () => void
    /** Resolves when no connection is open, or after so many ms. */
    connectionsGone: (limit: number) => Promise<void>
    /** Resolves when no connection is open that waits for a request, or after so many ms. */
    idleConnectionsGone: (limit: number) => Promise<void>
    /** Makes the routes of this scope answer failures in words of their own; the headers stay those of a problem. */
    wordFailures: (word: (failure: Failure, request: FastifyRequest) => Retort | Promise<Retort>) => void
    /** The hook that counts a call of a class, and refuses it when its caller has made too many. */
    limit: (name: LimitClass) => (request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction) => void
    /** Refuses a call that a guard did not let in; who was refused too often is told so instead. */
    refuse: (failure: Error, request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction) => void
    /** What the service promises; `compat` where `COMPAT` names a dialect. */
    contracts: Readonly<Partial<Record<ContractName, Contract>>>
    /** Adds a 405 for every method that the known URLs do not have. */
    refuseOtherMethods: () => void
  }

  interface FastifyRequest {
    /** Who asks; set by the guard, so it is there in every guarded route. */
    session: SessionState
  }

  interface FastifyContextConfig {
    /** what a guarded route needs beyond being signed in */
    permission?: Permission
    /** whether it needs a recent proof of who asks */
    recent?: RecentProof
    /** which calls it counts among; its folder says so where it does not */
    limit?: LimitClass
    /** that it changes nothing, where its method does not say so */
    changes?: false
    /** that it answers whatever state the service is in */
    always?: true
    /** what has to be switched on, or the route answers 404 */
    feature?: Feature
  }
}
