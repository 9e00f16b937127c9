/** The Postman collection as newman runs it, over a real port. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { TOOLS } from '../../scripts/postman/convert.ts'
import { emptyFolder, PROJECT } from './child.ts'

const NEWMAN = join(TOOLS, 'node_modules/newman/bin/newman.js')

/** What is wrong with a request that was skipped, or is not in the collection. */
export const UNSENT = 'it was not sent'

interface Execution {
  item: { id: string }
  response?: { code: number }
  assertions?: { assertion: string; error?: { message: string } }[]
}

interface Report {
  executions: Execution[]
  failures: { source?: { id: string }; error: { message: string; test?: string } }[]
}

export interface Outcome {
  /** newman's exit code */
  code: number
  /** every failure, in words */
  failures: string[]
  /** what is wrong with a request, by its id: UNSENT, a failure, or nothing when everything said of the answer holds */
  trouble: (id: string) => string
}

function describeFailure({ error }: Report['failures'][number]): string {
  return [error.test, error.message].filter(Boolean).join(': ')
}

function toOutcome(code: number, { executions, failures }: Report): Outcome {
  return {
    code,
    failures: failures.map(describeFailure),
    trouble(id) {
      const execution = executions.find(({ item }) => item.id === id)
      const own = failures.filter(({ source }) => source?.id === id).map(describeFailure)
      if (own.length > 0) return own.join('; ')
      if (!execution?.response) return UNSENT
      return execution.assertions?.length ? '' : 'nothing is said of its answer'
    },
  }
}

/** Runs a collection with these variables. */
export async function runNewman(t: Test, collection: string, variables: Record<string, string>): Promise<Outcome> {
  const file = join(emptyFolder(t), 'report.json')
  const options = Object.entries(variables).flatMap(([name, value]) => ['--env-var', `${name}=${value}`])
  const args = ['run', collection, '--reporters', 'json', '--reporter-json-export', file, ...options]
  const code = await new Promise<number>((resolve) => {
    execFile(
      process.execPath,
      [NEWMAN, ...args],
      { cwd: PROJECT, env: { PATH: process.env['PATH'] }, timeout: 120_000 },
      (error) => resolve(error ? Number(error.code ?? -1) : 0),
    )
  })
  const { run } = JSON.parse(readFileSync(file, 'utf8')) as { run: Report }
  return toOutcome(code, run)
}
