/** Latchkey with a difference planted that the test has to find; with none, as it is. */
import { readFileSync } from 'node:fs'
import { buildApp } from '../../src/app.ts'
import { loadConfig } from '../../src/config.ts'

const app = await buildApp(loadConfig())
const planted = process.env['PLANTED'] ?? ''

/** Keeps the core busy. */
function spin(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

// an unknown account is answered without hashing: what services forget first
if (planted === 'hash') app.hasher.verifyNothing = async () => false
// a refusal leaves when the hash is checked
if (planted === 'floor') app.hasher.floor.hold = async () => {}
// a known one takes a little longer, as for one more query
if (planted.endsWith('us')) {
  const known = new Set(readFileSync(process.env['KNOWN_NAMES'] ?? '', 'utf8').split('\n'))
  const { lookup } = { lookup: app.now }
  let isKnown = false
  app.server.prependListener('request', (request) => {
    isKnown = known.has(String(request.headers['x-request-id']))
  })
  app.now = () => {
    if (isKnown) spin(Number.parseInt(planted, 10) / 1000)
    isKnown = false
    return lookup()
  }
}

await app.listen({ host: '127.0.0.1', port: 0 })
const { port } = app.server.address() as { port: number }
process.stderr.write(`http://127.0.0.1:${port}\n`)
