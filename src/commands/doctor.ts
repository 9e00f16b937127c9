/** `latchkey doctor` */
import { examineConfiguration } from '../doctor/configuration.ts'
import { examineDatabase } from '../doctor/database.ts'
import type { Finding } from '../doctor/finding.ts'
import { examineHashes, USUAL_TIME } from '../doctor/hashes.ts'
import { examineRedis } from '../doctor/redis.ts'
import { milliseconds } from '../operation/values.ts'
import { dedicateThreads } from '../passwords/threads.ts'
import { type CommandGroup, misuse } from './program.ts'
import { say, sayDocument } from './terminal.ts'

interface Options {
  hashTime: string
  json?: boolean
}

/** Looks at everything that the service needs, and says what is wrong. */
export const doctor: CommandGroup = (program) => {
  program
    .command('doctor')
    .description('examine configuration, database, Redis and keys, and measure the password hash; changes nothing')
    .option(
      '--hash-time <duration>',
      'what a password hash should take, for the suggested parameters',
      `${USUAL_TIME}ms`,
    )
    .option('--json', 'as JSON')
    .action(examine)
}

async function examine({ hashTime, json = false }: Options): Promise<void> {
  if (!/^\d{1,5}(ms|s)$/.test(hashTime) || milliseconds(hashTime) === 0)
    throw misuse('--hash-time must be a duration such as 100ms or 1s')
  const { config, findings } = examineConfiguration()
  if (config) {
    // the hashes need as many as the service gives them
    dedicateThreads(config)
    findings.push(...(await examineDatabase(config, Date.now())))
    findings.push(...(await examineRedis(config, Date.now)))
    findings.push(...(await examineHashes(config, milliseconds(hashTime))))
  }
  const isWell = findings.every(({ state }) => state !== 'fault')
  if (json) sayDocument(JSON.stringify({ ok: isWell, findings }, undefined, 2))
  else for (const finding of findings) say(lineOf(finding))
  if (!isWell) process.exitCode = 1
}

const MARKS = { ok: 'ok     ', warning: 'warning', fault: 'FAULT  ' } as const

const lineOf = ({ about, state, text }: Finding) => `${MARKS[state]}  ${about.padEnd(13)}  ${text}`
