/** `latchkey users …` */
import { OPERATOR } from '../audit/actor.ts'
import { removeAccount } from '../sign-in/manage-account.ts'
import { type CommandGroup, findNamed, misuse, withApp } from './program.ts'
import { ask, say } from './terminal.ts'

/** What an operator does for one person. */
export const users: CommandGroup = (program) => {
  program
    .command('users')
    .description('accounts')
    .command('erase <identifier>')
    .description('delete an account with everything personal about it, by its user name, e-mail address or id')
    .option('--yes', 'without asking')
    .action(erase)
}

async function erase(identifier: string, { yes = false }: { yes?: boolean }): Promise<void> {
  if (!yes && !process.stdin.isTTY) throw misuse('users erase needs --yes where nobody can be asked')
  await withApp(async (app) => {
    const account = await findNamed(app, identifier)
    if (!yes && (await ask(`Erase ${identifier} for ever? Type yes: `)) !== 'yes') throw new Error('nothing was erased')
    await removeAccount(app, account.uid, OPERATOR)
    say(`erased; in the audit log it is ${account.uid}`)
  })
}
