/** `latchkey …`: the list of the command groups. Exit codes: 0 done, 1 failed, 2 not understood. */
import './runtime.js'
import { Command, CommanderError } from 'commander'
import { VERSION } from './app.ts'
import { admins } from './commands/admin.ts'
import { audit } from './commands/audit.ts'
import { contract } from './commands/contract.ts'
import { database, migrations } from './commands/database.ts'
import { doctor } from './commands/doctor.ts'
import { keys } from './commands/keys.ts'
import { moving } from './commands/moving.ts'
import { passwords } from './commands/passwords.ts'
import { sessions } from './commands/sessions.ts'
import { upgrade } from './commands/upgrade.ts'
import { users } from './commands/users.ts'
import { explain } from './operation/explain.ts'
import { complain } from './operation/printable.ts'
import { start } from './start.ts'

const program = new Command('latchkey').description('Accounts, sessions and tokens over HTTP').version(VERSION)

program
  .command('serve')
  .description('run the service')
  .option('--workers <number>', 'this many processes on the one port, or "auto" for one per core; WORKERS otherwise')
  .action(({ workers }: { workers?: string }) => start(workers === undefined ? {} : { WORKERS: workers }))
for (const addTo of [
  database,
  migrations,
  upgrade,
  admins,
  users,
  sessions,
  keys,
  audit,
  moving,
  passwords,
  contract,
  doctor,
])
  addTo(program)

/** Says what went wrong in one line a fault, and how that counts. */
function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) {
    // commander has already spoken, except for our own refusals
    if (error.code.startsWith('latchkey.')) complain(error.message)
    return error.exitCode === 0 ? 0 : 2
  }
  for (const line of explain(error)) complain(line)
  return 1
}

for (const command of [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)]) {
  ;(command as Command).exitOverride().showHelpAfterError('(--help says more)')
}
try {
  await program.parseAsync()
} catch (error) {
  process.exitCode = exitCodeOf(error)
}
