/** Two nodes behind a balancer that looks at readiness are restarted one after the other. */
import t from 'tap'
import { testEnvironment } from './support/app.ts'
import { roll, THIS_VERSION } from './support/balancer.ts'

t.test('two nodes behind a balancer are restarted one after the other, and no request fails', async (t) => {
  t.strictSame(await roll(t, testEnvironment(t), THIS_VERSION, THIS_VERSION), [])
})
