/** Tools that live in a folder with a list of packages of its own, apart from the project's. */
import { execFile } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { promisify } from 'node:util'

/** npm writes its own lock into what it has installed: one that is older than ours belongs to another list. */
function isInstalled(folder: string): boolean {
  const installed = `${folder}/node_modules/.package-lock.json`
  return existsSync(installed) && statSync(installed).mtimeMs >= statSync(`${folder}/package-lock.json`).mtimeMs
}

/** Installs what the lock of a folder lists, unless that is there; throws with npm's words when it cannot. */
export async function installTools(folder: string): Promise<void> {
  if (isInstalled(folder)) return
  await promisify(execFile)('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: folder })
}
