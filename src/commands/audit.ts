/** `latchkey audit …` */
import { OPERATOR } from '../audit/actor.ts'
import type { Fault } from '../audit/erasures.ts'
import { recordEvent } from '../audit/record.ts'
import { readCheckpoints } from '../audit/shipped.ts'
import { type Verdict, verifyLog } from '../audit/verify.ts'
import type { Config } from '../config.ts'
import { prepareSchema } from '../db/migrate.ts'
import type { Db } from '../db/open.ts'
import type { SigningKeyRow } from '../db/schema.ts'
import { shown } from '../moving/summary.ts'
import { complain } from '../operation/printable.ts'
import { resolveKeys } from '../tokens/master-key.ts'
import type { Keys } from '../tokens/seal.ts'
import { openSigningKey } from '../tokens/signing-key.ts'
import { type CommandGroup, openTrail, withDatabase } from './program.ts'
import { say } from './terminal.ts'

/** So many findings are named; an attack on a long log makes as many as it has events. */
const SHOWN = 50

/** The log of what happened. */
export const audit: CommandGroup = (program) => {
  const group = program.command('audit').description('the log of what happened')
  group
    .command('verify')
    .description('look at every event: whether one was altered, removed, inserted or moved; the service may be running')
    .option('--checkpoints <file>', 'checkpoints that were kept elsewhere, one JSON object a line')
    .action(verify)
  group
    .command('acknowledge')
    .description('say that what audit verify finds marked is known, such as what a restored backup lacks; it is logged')
    .action(acknowledge)
}

async function verify({ checkpoints }: { checkpoints?: string }): Promise<void> {
  const shipped = checkpoints === undefined ? [] : readCheckpoints(checkpoints)
  await withDatabase(async (db, config) => {
    await prepareSchema(db, 'check')
    await refuseOtherKey(db, config)
    const verdict = await verifyLog({ db, audit: openTrail(config), now: Date.now }, shipped)
    say(summaryOf(verdict))
    complainOf(verdict)
  })
}

/** Under another key all of the log would seem to be forged. */
async function refuseOtherKey(db: Db, config: Config): Promise<void> {
  const rows = await db.selectFrom('signing_keys').selectAll().where('revoked_at', 'is', null).execute()
  const { seal } = resolveKeys(config)
  const isOurs = rows.length === 0 || rows.some((row) => opens(row, seal))
  if (!isOurs)
    throw new Error(
      'JWT_KEY is not the key of this database, whose signing keys it does not open: nothing was verified',
    )
}

function opens(row: SigningKeyRow, keys: Keys<Buffer>): boolean {
  try {
    openSigningKey(row, keys)
    return true
  } catch {
    return false
  }
}

/** What is wrong, a line each, and that it is. */
function complainOf({ fault, findings }: Verdict): void {
  for (const found of findings.slice(0, SHOWN)) complain(sentenceOf(found))
  const more = findings.length - SHOWN
  if (more > 0) complain(`and so are ${shown(more)} more events`)
  if (fault) complain(sentenceOf(fault))
  if (fault || findings.length > 0) process.exitCode = 1
}

const sentenceOf = ({ row, text }: Fault) => (row === undefined ? text : `${row} ${text}`)

async function acknowledge(): Promise<void> {
  await withDatabase(async (db, config) => {
    await prepareSchema(db, 'check')
    await refuseOtherKey(db, config)
    const audit = openTrail(config)
    const verdict = await verifyLog({ db, audit, now: Date.now })
    complainOf(verdict)
    if (verdict.fault) throw new Error('what was altered or removed without a mark cannot be acknowledged')
    process.exitCode = 0
    if (verdict.findings.length === 0) return say('nothing to acknowledge')
    const details = { up_to: verdict.last, findings: verdict.findings.length }
    await recordEvent(db, { audit, now: Date.now }, { action: 'audit.acknowledge', actor: OPERATOR, details })
    say(`acknowledged: ${shown(details.findings)}`)
  })
}

function summaryOf({ fault, findings, acknowledged, sealed, unsealed, checkpoints, pruned, last }: Verdict): string {
  const isWell = !fault && findings.length === 0
  const found = isWell ? `${shown(sealed)} events verified` : `${shown(sealed)} events are as they were written`
  const range = sealed > 0 ? `, numbers ${pruned + 1} to ${last}` : ''
  const known = acknowledged > 0 ? `; ${shown(acknowledged)} findings acknowledged` : ''
  return `${found}${range}; ${shown(unsealed)} wait for their number; ${shown(checkpoints)} checkpoints${known}`
}
