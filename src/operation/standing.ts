/** Whether this process and its database still belong together: another hand may have taken either further, or away. */
import { isOlder } from '../db/finished.ts'
import { readIdentity, type SchemaState } from '../db/identity.ts'
import type { OpenDatabase } from '../db/open.ts'
import { sharing } from '../db/sharing.ts'
import type { Deps, Log } from '../deps.ts'
import { Failure } from '../errors.ts'
import { VERSION } from './version.ts'

export interface Standing {
  /** Why this process must serve nobody, in one sentence; undefined while it may. */
  fault(): string | undefined
  /**
   * Looks anew.
   * @throws when the database does not answer, which says nothing about whose it is
   */
  check(): Promise<void>
  /** The newest version whose upgrade is finished, as far as this node has seen. */
  finished(): string | undefined
}

/** News on this channel makes every node look anew. */
export const CHANNEL = 'upgrades'

const REPLACED = 'The database is not the one that this process was started on; it has to be started again.'
const GONE = 'The database is gone; this process has to be started again.'
const INCOMPLETE = 'The schema of the database is older than this version of the service.'
const outdated = (by: string) =>
  `The upgrade to ${by} is finished: this is version ${VERSION}, which may not run any more.`

/**
 * Begins to look. What is gone stays gone for this process, whatever takes its place: it remembers what is not there.
 * @throws when this version may not run on this database
 */
export async function createStanding({ db, isInPlace }: OpenDatabase, log: Log): Promise<Standing> {
  const first = await readIdentity(db)
  let finished: string | undefined
  let fault: string | undefined
  let isOver = false

  function judge(state: SchemaState): string | undefined {
    if (isInPlace?.() === false) return GONE
    if (state.made_at === undefined) return GONE
    if (state.made_at !== first.made_at) return REPLACED
    if (!state.is_complete) return INCOMPLETE
    finished = state.finished
    return finished !== undefined && isOlder(VERSION, finished) ? outdated(finished) : undefined
  }

  const check = sharing(async () => {
    if (isOver) return
    const found = judge(await readIdentity(db))
    if (found !== fault && found !== undefined) log.error({ fault: found }, 'this process serves nobody')
    if (found !== fault && found === undefined) log.info({}, 'this process serves again')
    fault = found
    isOver = found === GONE || found === REPLACED
  })

  await check()
  if (fault !== undefined) throw new Error(fault)
  return { fault: () => fault, check, finished: () => finished }
}

/**
 * Keeps what an older version would misjudge from being written while its nodes may run.
 * @param since the first version that knows what is to be written
 * @throws Failure feature_disabled until the operator has finished the upgrade to it
 */
export async function requireFinished({ standing }: Pick<Deps, 'standing'>, since: string): Promise<void> {
  const isFinished = () => {
    const finished = standing.finished()
    return finished !== undefined && !isOlder(finished, since)
  }
  // another node's operator may have just done so
  if (!isFinished()) await standing.check()
  if (!isFinished())
    throw new Failure('feature_disabled', { detail: `This waits until the upgrade to ${since} is finished.` })
}
