/** The service as a process: what `npm start` runs. */
import './runtime.js'

// not before the line above has run, which has compiled code found again
const { start } = await import('./start.ts')

await start()
