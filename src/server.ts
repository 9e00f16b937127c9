/** The service as a process: what `npm start` runs. */
import './runtime.js'
import { start } from './start.ts'

await start()
