/** One client from the contract to its last answer. */
import { execFile } from 'node:child_process'
import { globSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { installTools } from '../install.ts'
import { LANGUAGES } from './languages.ts'

const HERE = fileURLToPath(new URL('.', import.meta.url))
const CONTRACT = fileURLToPath(new URL('../../openapi.yaml', import.meta.url))

/** What every program prints, whatever its language. */
const expectedOf = (username: string) =>
  [
    `me ${username}`,
    'sessions 2',
    // a change of the password ends the session of the registration
    'sessions 1',
    'action added.later',
    'refused 401 session_revoked',
    'refused 401 added.later',
  ].join('\n')

async function runInShell(command: string, cwd: string, env: NodeJS.ProcessEnv): Promise<string> {
  try {
    return (await promisify(execFile)('sh', ['-c', command], { cwd, env, maxBuffer: 1e8 })).stdout
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string }
    throw new Error(`${command}\n${stdout.slice(-4000)}${stderr.slice(-4000)}`, { cause: error })
  }
}

/**
 * Generates, compiles and drives the client `name` of `languages.ts` over a service and its later edition. Returns what
 * differs from what it should print, or nothing; throws with what a tool said.
 */
export async function driveClient(name: string, url: string, later: string): Promise<string | undefined> {
  const language = LANGUAGES[name]
  if (!language) throw new Error(`no client is called ${name}`)
  await installTools(join(HERE, language.tools))
  const dir = mkdtempSync(join(tmpdir(), `latchkey-client-${name}-`))
  const [JAR] = globSync(join(HERE, 'openapi-generator/node_modules/@ruixiaozi/*/versions/*.jar'))
  const env = { ...process.env, CONTRACT, JAR, FLOW: join(HERE, language.folder), NODE: process.execPath }
  try {
    await runInShell(language.generate, dir, env)
    await runInShell(language.compile, dir, env)
    const username = `driver.${name}`
    const printed = (await runInShell(`${language.drive} ${url} ${later} ${username}`, dir, env)).trim()
    return printed === expectedOf(username) ? undefined : `${name} printed\n${printed}`
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
