/** `latchkey audit …` */
import { readFileSync } from 'node:fs'
import type { Checkpoint } from '../audit/checkpoint.ts'
import { type Verdict, verifyLog } from '../audit/verify.ts'
import { prepareSchema } from '../db/migrate.ts'
import { shown } from '../moving/summary.ts'
import { type CommandGroup, openTrail, withDatabase } from './program.ts'
import { say } from './terminal.ts'

/** The log of what happened. */
export const audit: CommandGroup = (program) => {
  program
    .command('audit')
    .description('the log of what happened')
    .command('verify')
    .description('look at every event: whether one was altered, removed, inserted or moved; the service may be running')
    .option('--checkpoints <file>', 'checkpoints that were kept elsewhere, one JSON object a line')
    .action(verify)
}

async function verify({ checkpoints }: { checkpoints?: string }): Promise<void> {
  const shipped = checkpoints === undefined ? [] : readCheckpoints(checkpoints)
  await withDatabase(async (db, config) => {
    await prepareSchema(db, 'check')
    const verdict = await verifyLog({ db, audit: openTrail(config) }, shipped)
    say(summaryOf(verdict))
    if (!verdict.fault) return
    const { row, text } = verdict.fault
    throw new Error(row === undefined ? text : `${row} ${text}`)
  })
}

function summaryOf({ fault, sealed, unsealed, checkpoints, pruned, last }: Verdict): string {
  const found = fault ? `${shown(sealed)} events are as they were written` : `${shown(sealed)} events verified`
  const range = sealed > 0 ? `, numbers ${pruned + 1} to ${last}` : ''
  return `${found}${range}; ${shown(unsealed)} wait for their number; ${shown(checkpoints)} checkpoints`
}

/** @throws when a line is not JSON */
function readCheckpoints(path: string): Checkpoint[] {
  const lines = readFileSync(path, 'utf8').split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines.map((line, index) => {
    try {
      // what is no object, or has other members, is not genuine
      return Object(JSON.parse(line)) as Checkpoint
    } catch {
      throw new Error(`${path} holds no JSON in line ${index + 1}`)
    }
  })
}
