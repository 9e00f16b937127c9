import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** A server in a process of its own, ended when it goes out of scope. */
export interface RunningServer extends AsyncDisposable {
  url: string
  pid: number
  /** its standard error may be read on */
  child: ChildProcess
}

interface Options {
  /** where it works */
  folder?: string
  /** options of Node, before the script */
  node?: readonly string[]
  /** arguments, after the script */
  args?: readonly string[]
}

/**
 * Starts a script and waits until it has written its URL to standard error. Its standard output, where a log would
 * go, is thrown away. It sees the given environment and nothing of ours, so that two runs have the same settings.
 * @param script relative to this folder
 */
export async function startServer(
  script: string,
  env: Record<string, string>,
  { folder = '.', node = [], args = [] }: Options = {},
): Promise<RunningServer> {
  const command = [...node, fileURLToPath(new URL(script, import.meta.url)), ...args]
  const child = spawn(process.execPath, command, {
    cwd: folder,
    env: { NODE_ENV: 'production', ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const killWithUs = () => child.kill('SIGKILL')
  process.once('exit', killWithUs)

  return {
    url: await urlOf(child, script),
    pid: child.pid ?? 0,
    child,
    async [Symbol.asyncDispose]() {
      process.off('exit', killWithUs)
      if (child.exitCode !== null || child.signalCode !== null) return
      // no grace: nothing that a server of the bench holds is worth waiting for
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

/** The first URL that a server tells; rejected when it ends instead. */
function urlOf(child: ChildProcess, script: string): Promise<string> {
  let said = ''
  return new Promise((resolve, reject) => {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said += text
      const found = /http:\/\/127\.0\.0\.1:\d+(?=\D)/.exec(said)
      if (found) resolve(found[0])
    })
    child.once('error', reject)
    child.once('exit', () => reject(new Error(`${script} ended: ${said}`)))
  })
}
