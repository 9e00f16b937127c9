/** Configuration → app → listen → graceful stop. */
import { pathToFileURL } from 'node:url'

/** The oldest Node that strips types and that the database driver runs on. */
const OLDEST_NODE = 24

function refuseOldNode(): void {
  if (Number.parseInt(process.versions.node, 10) >= OLDEST_NODE) return
  process.stderr.write(
    `Latchkey needs Node ${OLDEST_NODE}; this is ${process.versions.node}. "npm start" brings its own.\n`,
  )
  process.exit(1)
}

/** Runs the service until it is told to stop. Nothing newer than `refuseOldNode` is loaded before it has spoken. */
export async function serve(): Promise<void> {
  refuseOldNode()
  const { start } = await import('./start.ts')
  await start()
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await serve()
