/** Ten thousand wrong passwords from five hundred addresses: what the attacker gets, what the owner feels, what is left over. */
import t from 'tap'
import type { Tables } from '../../src/db/schema.ts'
import { onEachStore, onPostgres, startApp, type TestApp } from '../support/app.ts'
import { registerProved } from '../support/by-mail.ts'
import { hashed, logIn, newAddress, onDevice } from '../support/guessing.ts'
import { mailsOf } from '../support/mail.ts'
import { eventually } from '../support/wait.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

const ADDRESSES = 500
const WAVES = 100

/** The attacker comes when the next try may be made, as long as that is soon, and then through the rest of the day. */
const GAPS = Array.from({ length: WAVES }, (_, wave) =>
  wave < 10 ? 1000 * 2 ** wave : Math.floor((DAY - 1_023_000) / (WAVES - 10)),
)

/** What docs/security.md says that one name yields in a day. */
const MOST_TRIES = 112

/** The owner is told once in six hours. */
const MOST_MESSAGES = 4

/** An address of the attacker; other tests use other networks. */
const addressOf = (index: number) => `100.64.${Math.floor(index / 250)}.${(index % 250) + 1}`

async function countRows(app: TestApp, table: keyof Tables): Promise<number> {
  const { rows } = await app.db
    .selectFrom(table)
    .select(({ fn }) => fn.countAll<number>().as('rows'))
    .executeTakeFirstOrThrow()
  return Number(rows)
}

t.test('ten thousand wrong passwords from five hundred addresses in a day', (t) =>
  onEachStore(t, async (t, environment) => {
    const app = await startApp(t, { ...environment, RATE_LIMIT: 'on' })
    const owner = await registerProved(app)
    const right = { identifier: owner.username, password: owner.password }
    const headers = onDevice(String((owner as { device_token?: string }).device_token))
    const before = hashed(app)
    const statuses = new Map<number, number>()
    let entries = 0
    // once in full, where it is done soonest
    const triesOfWave = onPostgres() || environment['REDIS_URL'] ? 20 : 100

    for (const [wave, gap] of GAPS.entries()) {
      const tries = Array.from({ length: triesOfWave }, (_, index) =>
        logIn(app, {
          identifier: owner.username,
          password: `wrong ${wave} ${index}`,
          remoteAddress: addressOf((wave * triesOfWave + index) % ADDRESSES),
        }),
      )
      // in the middle of the wave
      if (wave % 10 === 5) {
        const answer = await logIn(app, { ...right, headers })
        t.equal(answer.statusCode, 200, 'the owner’s device gets in at once')
        entries += 1
      }
      for (const { statusCode } of await Promise.all(tries))
        statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1)
      app.clock.advance(gap)
    }

    const made = statuses.get(401) ?? 0
    t.strictSame([...statuses.keys()].sort(), [401, 429], 'every try is answered with one of these')
    t.equal(made + (statuses.get(429) ?? 0), WAVES * triesOfWave)
    // a machine that is too busy to hear Redis in time counts by itself, and begins at nothing
    const alone = app.logged().split('counts by itself').length - 1
    t.ok(made <= MOST_TRIES * (1 + alone), `${made} tries were made`)
    t.ok(made >= 80, 'which is not for want of trying')
    t.equal(hashed(app) - before, made + entries, 'nothing else was hashed')

    await eventually(async () => (await mailsOf(app, 'locked')).length > 0)
    await eventually(async () => (await countRows(app, 'outbox')) === 0)
    const messages = (await mailsOf(app, 'locked')).length
    t.ok(messages >= 1 && messages <= MOST_MESSAGES, `${messages} messages`)
    t.ok((await countRows(app, 'audit_events')) <= made + 3 * entries + MOST_MESSAGES + 20, 'refusals are not recorded')
    t.ok((await countRows(app, 'ephemeral')) <= 2 * ADDRESSES + 20, 'at most two rows an address')
    t.equal(await countRows(app, 'known_devices'), 1)

    app.clock.advance(DAY)
    t.equal((await logIn(app, right)).statusCode, 200, 'a day later a strange device gets in too')
    const remoteAddress = newAddress()
    for (let time = 0; time < 50; time += 1) await logIn(app, { ...right, headers, remoteAddress })
    t.ok((await countRows(app, 'ephemeral')) <= 20, 'and what was counted is gone')
  }),
)
