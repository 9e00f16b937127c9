/** `latchkey openapi` */
import { writeFileSync } from 'node:fs'
import { loadConfig } from '../config.ts'
import { type CommandGroup, withApp } from './program.ts'
import { sayDocument } from './terminal.ts'

/** A contract, printed or written. */
export const contract: CommandGroup = (program) => {
  program
    .command('openapi')
    .description('print the contract')
    .option('--compat', 'that of the other services’ calls')
    .option('--write <file>', 'write it to a file')
    .action(printContract)
}

/** The contract depends on the code alone: neither the environment nor a database has a say. */
async function printContract({ compat, write }: { compat?: true; write?: string }): Promise<void> {
  const config = loadConfig({ DATABASE_URL: 'sqlite::memory:', JWT_KEY: 'x'.repeat(32) })
  await withApp(async (app) => {
    const yaml = app.contracts[compat ? 'compat' : 'main']?.yaml() ?? ''
    if (write) writeFileSync(write, yaml)
    else sayDocument(yaml)
  }, config)
}
