import { type Static, Type } from '@sinclair/typebox'
import { isWriteRefused, kindOf } from '../db/dialect.ts'
import { inTime, isLate } from '../db/in-time.ts'
import type { Deps } from '../deps.ts'
import { Failure } from '../errors.ts'
import { named, openEnumOf, ref } from '../schemas.ts'

export const PartStatus = named(
  'PartStatus',
  openEnumOf(['ok', 'down'], {
    description: 'down: it does not answer, or the database takes no writes',
    example: 'ok',
  }),
)
export const DatabaseKind = named(
  'DatabaseKind',
  openEnumOf(['postgres', 'sqlite'], { description: 'which database', example: 'sqlite' }),
)
export const StoreKind = named(
  'StoreKind',
  openEnumOf(['redis', 'sql'], { description: 'sql: the embedded store', example: 'sql' }),
)
export const HealthStatus = named(
  'HealthStatus',
  openEnumOf(['ok', 'degraded', 'stopping'], { description: 'degraded: a part does not answer', example: 'ok' }),
)
export const ReadinessStatus = named(
  'ReadinessStatus',
  openEnumOf(['ok', 'degraded'], {
    description: 'degraded: Redis is not used, since it does not answer; everything is served nevertheless',
    example: 'ok',
  }),
)
export const LivenessStatus = named('LivenessStatus', openEnumOf(['ok'], { description: 'it runs', example: 'ok' }))

export const DatabaseHealth = named(
  'DatabaseHealth',
  Type.Object({ kind: ref(DatabaseKind), status: ref(PartStatus) }, { description: 'How the database is' }),
)
export const StoreHealth = named(
  'StoreHealth',
  Type.Object({ kind: ref(StoreKind), status: ref(PartStatus) }, { description: 'How the short-lived store is' }),
)

export const Health = named(
  'Health',
  Type.Object({
    status: ref(HealthStatus),
    version: Type.String({ example: '0.2.0' }),
    database: ref(DatabaseHealth),
    ephemeral: ref(StoreHealth),
  }),
)
export type Health = Static<typeof Health>

export const Ready = named('Ready', Type.Object({ status: ref(ReadinessStatus) }))
export type Ready = Static<typeof Ready>

export const Live = named('Live', Type.Object({ status: ref(LivenessStatus) }))

type Needs = Pick<Deps, 'db' | 'ephemeral' | 'standing'>

/** How long to wait for a look at whose database it is, which the node takes by itself as well, in ms. */
const LOOK = 500

/**
 * Tells what the node knows. Nobody waits here for a server that is away: the node looks for it each second in any case.
 * @returns why it must serve nobody
 * @throws what is in the way of serving
 */
async function look({ ephemeral, standing }: Pick<Needs, 'ephemeral' | 'standing'>): Promise<string | undefined> {
  await ephemeral.refuseUnfit()
  await inTime(standing.check(), LOOK).catch((error) => {
    // what was seen last counts
    if (!isLate(error)) throw error
  })
  return standing.fault()
}

/** Asks every part; never throws, since the answer is the point. */
export async function checkHealth(needs: Needs, version: string, stopping: boolean): Promise<Health> {
  const { db, ephemeral } = needs
  const state = look(needs).then(
    (fault) => (fault === undefined ? ('ok' as const) : ('down' as const)),
    () => 'down' as const,
  )
  const [database] = await Promise.all([state, ephemeral.probe()])
  const store = ephemeral.kind === 'sql' ? database : ephemeral.isShared() ? 'ok' : 'down'
  const allWell = database === 'ok' && store === 'ok'
  return {
    status: stopping ? 'stopping' : allWell ? 'ok' : 'degraded',
    version,
    database: { kind: kindOf(db), status: database },
    ephemeral: { kind: ephemeral.kind, status: store },
  }
}

/** @throws Failure unavailable while stopping, without a database that takes writes, or with one that is not this process's */
export async function checkReady(needs: Omit<Needs, 'db'>, stopping: boolean): Promise<Ready> {
  if (stopping) throw new Failure('unavailable', { detail: 'The service is stopping.', retryAfter: 1 })
  const fault = await look(needs).catch((cause) => {
    const detail = isWriteRefused(cause) ? 'The database takes no writes.' : 'The database does not answer.'
    throw new Failure('unavailable', { detail, retryAfter: 5, cause })
  })
  if (fault !== undefined) throw new Failure('unavailable', { detail: fault })
  return { status: needs.ephemeral.isShared() ? 'ok' : 'degraded' }
}
