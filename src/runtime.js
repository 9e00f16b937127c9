/**
 * What has to happen before anything else is loaded: a Node that is too old is refused with one sentence, and what was
 * compiled before is found again. It is JavaScript, and the npm scripts load it first, because a Node that is too old for
 * the service is too old to read TypeScript.
 */
import module from 'node:module'
import { fileURLToPath } from 'node:url'

/** The oldest Node that reads TypeScript and runs the database driver. */
const OLDEST_NODE = 24

const { node } = process.versions
if (Number.parseInt(node, 10) < OLDEST_NODE) {
  process.stderr.write(
    `latchkey: this is Node ${node}, but it takes ${OLDEST_NODE} or newer; "npm ci" brings it along\n`,
  )
  process.exit(1)
}

// Half of the time to start went into compiling the same sources again. Among the packages, where whoever could write
// could change the code itself; where nobody may write, there is no cache.
module.enableCompileCache?.(fileURLToPath(new URL('../node_modules/.cache/compiled', import.meta.url)))
