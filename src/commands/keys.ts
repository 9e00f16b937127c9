/** `latchkey keys …` */
import { OPERATOR } from '../audit/actor.ts'
import { type CommandGroup, misuse, withApp } from './program.ts'
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
