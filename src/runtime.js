/**
 * Refuses a Node that is too old with one sentence, before anything else is loaded. It is JavaScript, and the npm
 * scripts load it first, because a Node that is too old for the service is too old to read TypeScript.
 */

/** The oldest Node that reads TypeScript and runs the database driver. */
const OLDEST_NODE = 24

const { node } = process.versions
if (Number.parseInt(node, 10) < OLDEST_NODE) {
  process.stderr.write(
    `latchkey: this is Node ${node}, but it takes ${OLDEST_NODE} or newer; "npm ci" brings it along\n`,
  )
  process.exit(1)
}
