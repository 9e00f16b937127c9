import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** Runs a script of this folder that measures by itself, and gives the figure that it prints. */
export async function runAlone(script: string, env: Record<string, string>): Promise<number> {
  const path = fileURLToPath(new URL(script, import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [path], { env })
  return Number(stdout)
}
