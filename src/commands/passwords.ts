/** `latchkey passwords …` */
import { existsSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { writeFilter } from '../passwords/filter/file.ts'
import { filterFromList } from '../passwords/filter/from-list.ts'
import type { CommandGroup } from './program.ts'
import { say } from './terminal.ts'

/** What new passwords are held against. */
export const passwords: CommandGroup = (program) => {
  program
    .command('passwords')
    .description('the list of breached passwords')
    .command('build <list>')
    .description(
      'make a filter for PASSWORD_FILTER out of a list with one password a line, which may be compressed (.gz)',
    )
    .option('--output <file>', 'where to write it', 'passwords.fuse')
    .option('--force', 'even if there is such a file')
    .action(build)
}

async function build(list: string, { output, force = false }: { output: string; force?: boolean }): Promise<void> {
  if (!force && existsSync(output)) throw new Error(`${output} exists already; --force writes it anew`)
  const begun = performance.now()
  const filter = await filterFromList(list)
  const bytes = writeFilter(output, filter)
  const seconds = ((performance.now() - begun) / 1000).toFixed(1)
  say(`${output}: ${filter.entries} passwords in ${bytes} bytes, made in ${seconds} s`)
  say('of passwords that are not in it, about 1 of 256 (0.39 %) is taken for one that is')
}
