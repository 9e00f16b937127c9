/** `latchkey upgrade …` */
import { OPERATOR } from '../audit/actor.ts'
import { hasTable } from '../db/dialect.ts'
import { isOlder, newestOf } from '../db/finished.ts'
import { migrationStates } from '../db/migrate.ts'
import type { Db } from '../db/open.ts'
import { finishUpgrade } from '../operation/upgrade.ts'
import { VERSION } from '../operation/version.ts'
import { type CommandGroup, confirm, withApp, withDatabase } from './program.ts'
import { say } from './terminal.ts'

/** From one version to the next, while nodes of both run. */
export const upgrade: CommandGroup = (program) => {
  const group = program.command('upgrade').description('from one version to the next')
  group.command('status').description('how far the upgrade to this version is').action(showStatus)
  group
    .command('finish')
    .description('say that no node of an older version runs any more; what they would misjudge may be written then')
    .option('--yes', 'do not ask')
    .action(finish)
}

function showStatus(): Promise<void> {
  return withDatabase(async (db) => {
    const states = await migrationStates(db)
    const namesOf = (some: typeof states) => some.map(({ name }) => name).join(', ')
    const pending = states.filter(({ executed_at }) => executed_at === undefined)
    const newer = states.filter(({ is_known }) => !is_known)
    const finished = await listFinished(db)
    say(`version   ${VERSION}`)
    say(`schema    ${pending.length === 0 ? 'up to date' : `pending: ${namesOf(pending)}`}`)
    if (newer.length > 0) say(`newer     ${namesOf(newer)}`)
    for (const { version, finished_at } of finished) say(`finished  ${version}  ${new Date(finished_at).toISOString()}`)
    say(stateOf(newestOf(finished.map(({ version }) => version))))
  })
}

async function listFinished(db: Db) {
  if (!(await hasTable(db, 'upgrades'))) return []
  return db.selectFrom('upgrades').selectAll().orderBy('finished_at').execute()
}

function stateOf(finished: string | undefined): string {
  if (finished !== undefined && isOlder(VERSION, finished)) return `nodes of ${VERSION} serve nobody on this database`
  if (finished === undefined || isOlder(finished, VERSION))
    return `the upgrade to ${VERSION} is not finished: nodes of older versions may run, and what they would misjudge is off`
  return `the upgrade to ${VERSION} is finished`
}

async function finish({ yes = false }: { yes?: boolean }): Promise<void> {
  const question = `Nodes older than ${VERSION} will serve nobody from now on, and there is no way back to them. Type yes: `
  await confirm({ yes, command: 'upgrade finish', question, refusal: 'the upgrade was not finished' })
  await withApp(async (app) => {
    const isNew = await finishUpgrade(app, OPERATOR)
    say(`the upgrade to ${VERSION} is finished${isNew ? '' : ' already'}`)
  })
}
