/**
 * Whatever is done to an account's sessions, in whatever order and two things at once, the service answers as the model
 * in `rules.ts` does. The long run: `SEQUENCES=10000 npx tap --disable-coverage --timeout=3600 test/model/session.test.ts`;
 * `SEED=…` repeats one that failed.
 */
import t from 'tap'
import { onEachStore, startApp } from '../support/app.ts'
import { runSequences } from './sequences.ts'

const SEQUENCES = Number(process.env['SEQUENCES'] ?? 60)
const SEED = process.env['SEED'] ? Number(process.env['SEED']) : undefined

/** So many run on one service: its log is kept, and searched for secrets, until it stops. */
const BATCH = 100

t.test(`${SEQUENCES} sequences of sign-ins, refreshes, logouts, revocations and expiries go as the model says`, (t) =>
  onEachStore(t, async (t, environment) => {
    let steps = 0
    for (let done = 0; done < SEQUENCES; done += BATCH) {
      await t.test(`from number ${done} on`, async (t) => {
        const app = await startApp(t, environment)
        steps += await runSequences(app, Math.min(BATCH, SEQUENCES - done), SEED)
      })
    }
    t.comment(`${steps} steps`)
  }),
)
