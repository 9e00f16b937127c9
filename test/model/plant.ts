/** Run as a program with a file of `src/`, an expression in it and another: runs sequences against a service that has the other. */
import { registerHooks } from 'node:module'

const [, , file = '', right = '', wrong = '', sequences = ''] = process.argv
let isPlanted = false

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context)
    const source = String(loaded.source)
    if (!url.endsWith(`/src/${file}`) || !source.includes(right)) return loaded
    isPlanted = true
    return { ...loaded, source: source.replaceAll(right, wrong) }
  },
})

// only from here on, so that the service is loaded through the hook
const { buildApp } = await import('../../src/app.ts')
const { loadConfig } = await import('../../src/config.ts')
const { CHEAP_HASH, JWT_KEY, testClock } = await import('../support/app.ts')
const { runSequences } = await import('./sequences.ts')

if (!isPlanted) throw new Error(`${file} does not hold ${right}`)
const clock = testClock()
// by hand it may be a database of PostgreSQL too
const { DATABASE_URL = 'sqlite::memory:' } = process.env
const config = loadConfig({ ...CHEAP_HASH, JWT_KEY, DATABASE_URL, LOG_LEVEL: 'silent' })
const app = Object.assign(await buildApp(config, { now: clock.now, elapsed: clock.elapsed, wait: async () => {} }), {
  clock,
})
try {
  await runSequences(app, Number(sequences))
  process.stdout.write('nothing found\n')
} catch (error) {
  process.stdout.write(`found: ${(error as Error).message}\n${(error as { cause?: Error }).cause?.message ?? ''}\n`)
} finally {
  await app.close()
}
