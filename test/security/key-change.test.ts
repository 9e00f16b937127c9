/** `JWT_KEY` is changed over two nodes, in three steps, and nobody notices. */
import t, { type Test } from 'tap'
import { OPERATOR } from '../../src/audit/actor.ts'
import { recordEvent } from '../../src/audit/record.ts'
import { verifyLog } from '../../src/audit/verify.ts'
import { inTransaction } from '../../src/db/transaction.ts'
import { issueCode } from '../../src/proofs/code.ts'
import { resealAll } from '../../src/resealing/reseal.ts'
import { deriveKeys } from '../../src/tokens/master-key.ts'
import {
  getMe,
  type Person,
  post,
  registerSomebody,
  startApp,
  type TestApp,
  type Tokens,
  testClock,
  testEnvironment,
} from '../support/app.ts'
import { sealAll } from '../support/audit.ts'
import { enqueue, mailsOf, verification } from '../support/mail.ts'
import { eventually } from '../support/wait.ts'

const OLD = 'the old master key, of more than 32 bytes'
const NEW = 'the new master key, of more than 32 bytes'
/** What a node is started with, in the order of the steps: the first is before, the last is after. */
const STEPS = [
  { JWT_KEY: OLD },
  { JWT_KEY: OLD, JWT_KEY_PREVIOUS: NEW },
  { JWT_KEY: NEW, JWT_KEY_PREVIOUS: OLD },
  { JWT_KEY: NEW },
] as const

/** Two nodes on one database, each of which is started anew for itself. */
async function twoNodes(t: Test, environment: Record<string, string>) {
  const clock = testClock()
  const start = (step: number) => startApp(t, { ...environment, ...STEPS[step] }, clock)
  const nodes: [TestApp, TestApp] = [await start(0), await start(0)]
  return {
    clock,
    nodes,
    async restart(which: 0 | 1, step: number) {
      await nodes[which].close()
      nodes[which] = await start(step)
    },
  }
}

interface Visit extends Tokens {
  device_token?: string
}

/** Signs in as a device would that keeps its token. */
async function signIn(app: TestApp, { username, password }: Person, device?: string): Promise<Visit> {
  const headers: Record<string, string> = device === undefined ? {} : { 'x-device-token': device }
  const response = await post(app, '/auth/login', { identifier: username, password }, headers)
  return response.json<Visit>()
}

/** How many devices of anybody are known. */
const countDevices = async (app: TestApp) =>
  (await app.db.selectFrom('known_devices').select('digest').where('expires_at', '>', app.now()).execute()).length

t.test('at every moment each node takes what the other one made', async (t) => {
  const environment = testEnvironment(t, { SIGN_IN_CODE: 'on', ACCESS_TOKEN_TTL: '1h' })
  const { clock, nodes, restart } = await twoNodes(t, environment)
  const person = await registerSomebody(nodes[0])
  const idle = await registerSomebody(nodes[0])
  const coded = await registerSomebody(nodes[0])
  let { refresh_token, access_token, device_token: device } = await signIn(nodes[0], person)

  /** Everything that is in somebody's hand goes over to a node. */
  async function useOn(app: TestApp, words: string) {
    clock.advance(20_000)
    t.equal((await getMe(app, access_token)).statusCode, 200, `access token, ${words}`)
    const answer = await post(app, '/auth/refresh', { refresh_token })
    t.equal(answer.statusCode, 200, `refresh token, ${words}`)
    ;({ refresh_token, access_token } = answer.json<Tokens>())
    const before = await countDevices(app)
    const again = await signIn(app, person, device)
    t.equal(await countDevices(app), before, `device, ${words}`)
    device = again.device_token ?? device
    await sealAll(app)
    const verdict = await verifyLog(app)
    t.strictSame([verdict.fault, verdict.findings], [undefined, []], `the log, ${words}`)
  }

  for (const step of [1, 2]) {
    for (const which of [0, 1] as const) {
      const code = await inTransaction(nodes[which].db, (tx) =>
        issueCode(tx, nodes[which], { address: coded.email, request: `${step} ${which}`, ip: undefined }, 600_000),
      )
      await restart(which, step)
      for (const [index, app] of nodes.entries())
        await useOn(app, `step ${step}, node ${which} just started, on ${index}`)
      const answer = await post(nodes[which], '/auth/sign-in/code/verify', { email: coded.email, code })
      t.equal(answer.statusCode, 200, `a code from before, step ${step}, node ${which}`)
    }
  }

  const [app] = nodes
  const counted = await resealAll(app, deriveKeys(NEW, OLD))
  t.ok(counted.some(({ previous }) => previous > 0))
  t.ok(counted.every(({ unknown }) => unknown === 0))
  t.ok(
    (await resealAll(app, deriveKeys(NEW, OLD))).every(({ previous }) => previous === 0),
    'nothing is left',
  )

  for (const which of [0, 1] as const) {
    await restart(which, 3)
    for (const node of nodes) await useOn(node, `step 3, node ${which} just started`)
  }
  t.equal((await post(nodes[0], '/auth/refresh', { refresh_token: idle.refresh_token })).statusCode, 401)
  t.equal(
    (await getMe(nodes[0], idle.access_token)).statusCode,
    200,
    'until it expires, since the signing key is the same',
  )
})

t.test('a message that waits is sent in every step, and under the new key alone once it was sealed anew', async (t) => {
  const environment = testEnvironment(t)
  const clock = testClock()
  const old = await startApp(t, { ...environment, ...STEPS[0] }, clock)
  const waiting = {
    audit: old.audit,
    config: old.config,
    db: old.db,
    now: old.now,
    mailer: { ...old.mailer, wake() {} },
  }
  const untilSent = async (app: TestApp) => {
    app.mailer.wake()
    await eventually(async () => (await app.db.selectFrom('outbox').select('id').execute()).length === 0)
  }
  for (const step of [1, 2]) {
    await enqueue(waiting, verification(old, `before-step-${step}`))
    await untilSent(await startApp(t, { ...environment, ...STEPS[step] }, clock))
  }
  await enqueue(waiting, verification(old, 'sealed-anew'))
  const app = await startApp(t, { ...environment, ...STEPS[2] }, clock)
  await resealAll(app, deriveKeys(NEW, OLD))
  const events = await app.db.selectFrom('audit_events').select('details').where('action', '=', 'key.reseal').execute()
  t.equal(events.length, 1, 'the log tells of it')
  const last = await startApp(t, { ...environment, ...STEPS[3] }, clock)
  await untilSent(last)
  t.equal((await mailsOf(last, 'email-verify')).length, 3)
})

t.test(
  'what was written with the old key verifies without it, and nothing that is written with it later does',
  async (t) => {
    const environment = testEnvironment(t, { JWT_KEY: OLD })
    const clock = testClock()
    const old = await startApp(t, environment, clock)
    await registerSomebody(old)
    await sealAll(old, 'last')
    const thief = old.audit
    const app = await startApp(t, { ...environment, JWT_KEY: NEW, JWT_KEY_PREVIOUS: OLD }, clock)
    await resealAll(app, deriveKeys(NEW, OLD))
    const last = await startApp(t, { ...environment, JWT_KEY: NEW }, clock)
    await registerSomebody(last)
    await sealAll(last, 'last')
    t.match(await verifyLog(last), { fault: undefined, findings: { length: 0 } })
    clock.advance(700_000)
    await recordEvent(last.db, { audit: thief, now: last.now }, { action: 'session.end', actor: OPERATOR })
    t.match(await verifyLog(last), { fault: { text: 'was altered, or inserted by somebody else' } })
  },
)
