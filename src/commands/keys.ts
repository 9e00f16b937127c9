/** `latchkey keys …` */
import { OPERATOR } from '../audit/actor.ts'
import { loadConfig } from '../config.ts'
import { prepareSchema } from '../db/migrate.ts'
import { shown } from '../moving/summary.ts'
import { countRows, resealAll, type SealCounts } from '../resealing/reseal.ts'
import { resolveKeys } from '../tokens/master-key.ts'
import { type CommandGroup, misuse, openTrail, withApp, withDatabase } from './program.ts'
import { showProgress } from './progress.ts'
import { say } from './terminal.ts'

/** The keys that sign access tokens. */
export const keys: CommandGroup = (program) => {
  const group = program.command('keys').description('the keys that sign access tokens')
  group.command('list').description('list the keys').action(listKeys)
  group
    .command('rotate')
    .description('make a new key; it is published first, and signs ten minutes later')
    .option('--now', 'let it sign at once')
    .option('--revoke', 'with --now: stop believing every other key, and with it every access token they signed')
    .action(rotateKeys)
  group
    .command('reseal')
    .description('while JWT_KEY is changed: seal anew what is still sealed under JWT_KEY_PREVIOUS; may be run again')
    .action(reseal)
}

function listKeys(): Promise<void> {
  return withApp(async (app) => {
    const current = app.keys.current()
    for (const { kid, alg, activates_at, sequence } of app.keys.list()) {
      const time = new Date(activates_at).toISOString()
      const isNext = alg === current.alg && sequence > current.sequence
      const state = kid === current.kid ? `signs since ${time}` : isNext ? `signs from ${time}` : 'verifies'
      say(`${kid}  ${alg}  ${state}`)
    }
  })
}

async function rotateKeys({ now = false, revoke = false }: { now?: boolean; revoke?: boolean }): Promise<void> {
  if (revoke && !now) throw misuse('--revoke goes with --now')
  await withApp(async (app) => {
    const key = await app.keys.rotate(OPERATOR, now ? app.now() : undefined)
    say(`${key.kid}  ${key.alg}  signs from ${new Date(key.activates_at).toISOString()}`)
    if (revoke) say(`revoked: ${await app.keys.revokeOthers(OPERATOR)}`)
  })
}

async function reseal(): Promise<void> {
  if (loadConfig().jwt_key_previous === undefined)
    throw misuse('keys reseal needs JWT_KEY_PREVIOUS, the key under which something is still sealed')
  await withDatabase(async (db, config) => {
    await prepareSchema(db, 'check')
    const total = await countRows(db)
    let done = 0
    const progress = showProgress(() => Math.min(1, done / Math.max(1, total)), 'rows')
    const onRow = () => {
      done += 1
      progress.add(1)
    }
    const deps = { audit: openTrail(config), db, now: Date.now }
    const counted = await resealAll(deps, resolveKeys(config), onRow).finally(progress.end)
    for (const counts of counted) say(lineOf(counts))
    const lost = counted.reduce((sum, { unknown }) => sum + unknown, 0)
    if (lost > 0) throw new Error(`${shown(lost)} rows are sealed under neither key, and were left as they are`)
  })
}

const lineOf = ({ table, previous, current }: SealCounts) =>
  `${table.padEnd(14)}${shown(previous).padStart(10)} sealed anew, ${shown(current)} were already`
