/** `latchkey sessions …` */
import { OPERATOR } from '../audit/actor.ts'
import { endUserSessions } from '../sessions/end.ts'
import { endEverySession } from '../sessions/end-every.ts'
import { type CommandGroup, findNamed, misuse, withApp } from './program.ts'
import { ask, say } from './terminal.ts'

/** Who is signed in. */
export const sessions: CommandGroup = (program) => {
  program
    .command('sessions')
    .description('who is signed in')
    .command('end')
    .description('end all sessions of everybody, or of one account: their tokens stop at once, and people sign in anew')
    .option('--all', 'of everybody')
    .option('--user <identifier>', 'of the account with this user name, e-mail address or id')
    .option('--yes', 'without asking')
    .action(end)
}

interface Options {
  all?: boolean
  user?: string
  yes?: boolean
}

async function end({ all = false, user, yes = false }: Options): Promise<void> {
  if (all === (user !== undefined)) throw misuse('sessions end takes either --all or --user')
  if (!yes && !process.stdin.isTTY) throw misuse('sessions end needs --yes where nobody can be asked')
  await withApp(async (app) => {
    const account = user === undefined ? undefined : await findNamed(app, user)
    const whose = user === undefined ? 'everybody' : user
    if (!yes && (await ask(`End all sessions of ${whose}? Type yes: `)) !== 'yes') throw new Error('nothing was ended')
    if (account) {
      await endUserSessions(app, account, 'revoked_by_operator', OPERATOR)
      return say(`${user} is signed out everywhere`)
    }
    const { sessions, accounts } = await endEverySession(app, OPERATOR)
    say(`ended ${sessions} sessions of ${accounts} accounts`)
  })
}
