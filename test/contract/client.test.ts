/** A client generated from `openapi.yaml`, or from `openapi-compat.yaml`, compiles under the strictest settings and gets along with the service. */
import { execFile } from 'node:child_process'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'
import { startLaterEdition } from '../../scripts/clients/service.ts'
import { installTools } from '../../scripts/install.ts'
import { startApp } from '../support/app.ts'

const cwd = fileURLToPath(new URL('../client', import.meta.url))

/** Runs a program in the client's folder and returns what it prints; fails with everything it printed. */
async function run(command: string, ...args: string[]): Promise<string> {
  try {
    return (await promisify(execFile)(command, args, { cwd })).stdout
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string }
    throw new Error(`${command} ${args.join(' ')}\n${stdout}${stderr}`, { cause: error })
  }
}

const node = (...args: string[]) => run(process.execPath, ...args)

t.before(async () => {
  await installTools(cwd)
  for (const name of ['openapi', 'openapi-compat'])
    await node('node_modules/.bin/openapi-typescript', `../../${name}.yaml`, '--output', `generated/${name}.d.ts`)
})

t.test('clients generated from both contracts, and a program that uses one, compile strictly', async (t) => {
  t.equal(await node('node_modules/.bin/tsc', '--project', '.'), '')
})

t.test(
  'the program registers, logs in, reads, refreshes, logs out, is a stranger again, and reads the code of a later edition',
  async (t) => {
    const app = await startApp(t)
    await app.listen({ port: 0, host: '127.0.0.1' })
    const { port } = app.server.address() as AddressInfo
    const url = `http://127.0.0.1:${port}`
    const later = await startLaterEdition(url)
    t.teardown(later.stop)
    t.strictSame((await node('drive.ts', url, later.url)).trim().split('\n'), [
      'no password 400 validation_failed',
      'register 201',
      'login 200',
      'me 200',
      'refresh 200',
      'logout 200',
      'me 401 session_revoked',
      'me at a later edition 401 added.later',
    ])
  },
)
