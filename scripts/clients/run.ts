/** `npm run clients`: generates clients from the contract, compiles them and drives them over a living service. */
import { parseArgs } from 'node:util'
import { driveClient } from './drive.ts'
import { LANGUAGES } from './languages.ts'
import { startLaterEdition, startService } from './service.ts'

/** The packages of Debian that a client takes, for who lacks one. */
function needsOf(name: string): string {
  const debian = LANGUAGES[name]?.debian
  return debian ? `it takes the Debian packages ${debian}` : ''
}

/** Drives the named clients, all if none is named; returns how many did not get through. */
async function driveClients(names: readonly string[]): Promise<number> {
  const service = await startService()
  const later = await startLaterEdition(service.url)
  let failures = 0
  for (const name of names) {
    const begun = performance.now()
    const fault = await driveClient(name, service.url, later.url).catch((error: Error) => error.message)
    console.log(`${fault ? 'FAILED' : 'ok'}  ${name}  ${Math.round((performance.now() - begun) / 1000)} s`)
    if (!fault) continue
    failures++
    console.error(`${fault}\n${needsOf(name)}`)
  }
  later.stop()
  service.stop()
  return failures
}

const { positionals } = parseArgs({ allowPositionals: true })
const unknown = positionals.filter((name) => !LANGUAGES[name])
if (unknown.length > 0) {
  console.error(`no client is called ${unknown.join(', ')}; there are ${Object.keys(LANGUAGES).join(', ')}`)
  process.exit(1)
}
process.exitCode = (await driveClients(positionals.length > 0 ? positionals : Object.keys(LANGUAGES))) > 0 ? 1 : 0
