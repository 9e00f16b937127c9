/** Which upgrades are finished: no node of an older version is to run any more. */
import type { Db } from './open.ts'
import type { Tx } from './transaction.ts'

/** A version as its numbers; what else it says, such as `-rc.1`, makes no difference here. */
const numbersOf = (version: string) => /^(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number) ?? []

/** Whether one version precedes another (semver.org, its three numbers). */
export function isOlder(version: string, than: string): boolean {
  const [ours, theirs] = [numbersOf(version), numbersOf(than)]
  const index = theirs.findIndex((number, place) => number !== ours[place])
  return index >= 0 && (ours[index] ?? 0) < (theirs[index] ?? 0)
}

/** The newest of some versions. */
export function newestOf(versions: readonly string[]): string | undefined {
  return versions.reduce<string | undefined>(
    (newest, version) => (newest === undefined || isOlder(newest, version) ? version : newest),
    undefined,
  )
}

/** The newest version whose upgrade is finished. */
export async function readFinished(db: Db | Tx): Promise<string | undefined> {
  const rows = await db.selectFrom('upgrades').select('version').execute()
  return newestOf(rows.map(({ version }) => version))
}

/** Notes that the upgrade to a version is finished; false where it was before. */
export async function noteFinished(db: Db | Tx, version: string, at: number): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('upgrades')
    .values({ version, finished_at: at })
    .onConflict((conflict) => conflict.column('version').doNothing())
    .executeTakeFirst()
  return numInsertedOrUpdatedRows === 1n
}
