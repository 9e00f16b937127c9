/** `latchkey admin …` */
import { findByIdentifier } from '../accounts/account.ts'
import { OPERATOR } from '../audit/actor.ts'
import { Failure } from '../errors.ts'
import { changeAccount } from '../sign-in/manage-account.ts'
import { openAccount } from '../sign-in/open-account.ts'
import { UserCreation } from '../sign-in/schema.ts'
import { requireShape } from '../validation/shape.ts'
import { type CommandGroup, withApp } from './program.ts'
import { readPassword, say } from './terminal.ts'

/** Administrators: the first one cannot come from anywhere else. */
export const admins: CommandGroup = (program) => {
  const admin = program.command('admin').description('administrators')
  admin
    .command('create')
    .description('make an administrator; the password is asked for, or read from standard input')
    .requiredOption('--username <name>')
    .requiredOption('--email <address>')
    .option('--name <name>', 'what to call the person')
    .action(createAdmin)
  admin
    .command('promote <identifier>')
    .description('give the role admin to the account with this user name or e-mail address')
    .action(promote)
}

async function createAdmin(options: { username: string; email: string; name?: string }): Promise<void> {
  const account: UserCreation = { ...options, password: await readPassword(), roles: ['admin', 'user'] }
  requireShape(UserCreation, account)
  await withApp(async (app) => {
    const { uid } = await openAccount(app, account, OPERATOR)
    say(`made the administrator ${account.username} (${uid})`)
  })
}

function promote(identifier: string): Promise<void> {
  return withApp(async (app) => {
    const account = await findByIdentifier(app.db, identifier)
    if (!account) throw new Failure('user_not_found')
    const roles = [...new Set([...account.roles, 'admin' as const])]
    await changeAccount(app, account.uid, { roles }, OPERATOR)
    say(`${identifier} is an administrator`)
  })
}
