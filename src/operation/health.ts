import { type Static, Type } from '@sinclair/typebox'
import { kindOf } from '../db/dialect.ts'
import type { Deps } from '../deps.ts'
import { Failure } from '../errors.ts'
import { enumOf, named } from '../schemas.ts'

const PartState = enumOf(['ok', 'down'], { example: 'ok' })

export const Health = named(
  'Health',
  Type.Object({
    status: enumOf(['ok', 'degraded', 'stopping'], { description: 'degraded: a part does not answer', example: 'ok' }),
    version: Type.String({ example: '0.2.0' }),
    database: Type.Object({ kind: enumOf(['postgres', 'sqlite'], { example: 'sqlite' }), status: PartState }),
    ephemeral: Type.Object({
      kind: enumOf(['redis', 'sql'], { description: 'sql: the embedded store', example: 'sql' }),
      status: PartState,
    }),
  }),
)
export type Health = Static<typeof Health>

export const Ready = named(
  'Ready',
  Type.Object({
    status: enumOf(['ok', 'degraded'], {
      description: 'degraded: Redis is not used, since it does not answer; everything is served nevertheless',
      example: 'ok',
    }),
  }),
)
export type Ready = Static<typeof Ready>

export const Live = named('Live', Type.Object({ status: enumOf(['ok'], { example: 'ok' }) }))

type Needs = Pick<Deps, 'db' | 'ephemeral' | 'standing'>

/** Asks every part; never throws, since the answer is the point. */
export async function checkHealth(
  { db, ephemeral, standing }: Needs,
  version: string,
  stopping: boolean,
): Promise<Health> {
  const state = standing.check().then(
    () => (standing.fault() === undefined ? ('ok' as const) : ('down' as const)),
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

/** @throws Failure unavailable while stopping, without a database, or with one that this process may not serve */
export async function checkReady({ ephemeral, standing }: Needs, stopping: boolean): Promise<Ready> {
  if (stopping) throw new Failure('unavailable', { detail: 'The service is stopping.', retryAfter: 1 })
  try {
    await standing.check()
  } catch (cause) {
    throw new Failure('unavailable', { detail: 'The database does not answer.', retryAfter: 5, cause })
  }
  const fault = standing.fault()
  if (fault !== undefined) throw new Failure('unavailable', { detail: fault })
  return { status: ephemeral.isShared() ? 'ok' : 'degraded' }
}
