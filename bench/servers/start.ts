import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** A server in a process of its own, ended when it goes out of scope. */
export interface RunningServer extends AsyncDisposable {
  url: string
}

/**
 * Starts a script and waits until it has written its URL to standard error. Its standard output, where a log would
 * go, is thrown away. It sees the given environment and nothing of ours, so that two runs have the same settings.
 * @param script relative to this folder
 * @param folder where it works
 */
export async function startServer(script: string, env: Record<string, string>, folder = '.'): Promise<RunningServer> {
  const child = spawn(process.execPath, [fileURLToPath(new URL(script, import.meta.url))], {
    cwd: folder,
    env: { NODE_ENV: 'production', ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const killWithUs = () => child.kill('SIGKILL')
  process.once('exit', killWithUs)

  let said = ''
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text
      const found = /http:\/\/127\.0\.0\.1:\d+(?=\D)/.exec(said)
      if (found) resolve(found[0])
    })
    child.once('error', reject)
    child.once('exit', () => reject(new Error(`${script} ended: ${said}`)))
  })
  return {
    url,
    async [Symbol.asyncDispose]() {
      process.off('exit', killWithUs)
      if (child.exitCode !== null) return
      // no grace: nothing that a server of the bench holds is worth waiting for
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}
