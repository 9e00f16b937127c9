import { type AddressInfo, connect } from 'node:net'
import t, { type Test } from 'tap'
import { getMe, refresh, registerSomebody, startApp, type TestApp } from '../support/app.ts'
import { eventually } from '../support/wait.ts'

const MANY = 40

const turn = () => new Promise((resolve) => setImmediate(resolve))

/** Somebody who looks, and many who refresh. */
async function gather(t: Test) {
  const app = await startApp(t)
  const reader = await registerSomebody(app)
  const tokens: string[] = []
  while (tokens.length < MANY) tokens.push((await registerSomebody(app)).refresh_token)
  return { app, reader, tokens }
}

/** Asks for the same in each turn of the event loop until the work is done; how often it was answered. */
async function countWhile(work: Promise<unknown>, ask: () => Promise<unknown>): Promise<number> {
  let isDone = false
  const ended = work.finally(() => {
    isDone = true
  })
  let answered = 0
  while (!isDone) {
    await turn()
    await ask()
    answered += 1
  }
  await ended
  return answered
}

const refreshAll = (app: TestApp, tokens: readonly string[]) =>
  Promise.all(tokens.map(async (token) => (await refresh(app, token)).statusCode))

t.test('who only reads is answered between the writes of a storm, and each of these is answered too', async (t) => {
  const { app, reader, tokens } = await gather(t)
  await getMe(app, reader.access_token)
  const storm = refreshAll(app, tokens)
  const looks = await countWhile(storm, () => getMe(app, reader.access_token))
  t.strictSame(new Set(await storm), new Set([200]))
  // half of that on a machine so busy that the writes run out of patience
  t.ok(looks >= MANY / 8, `${looks} looks, one after the other, before the last write was answered`)
})

t.test('however much there is to read, no write waits for longer than a moment', async (t) => {
  const { app, reader, tokens } = await gather(t)
  await getMe(app, reader.access_token)
  const storm = refreshAll(app, tokens)
  const turns = await countWhile(storm, async () => {
    await getMe(app, reader.access_token)
    keepBusy(40)
  })
  t.strictSame(new Set(await storm), new Set([200]))
  t.ok(turns < MANY / 4, `${turns} turns of the event loop`)
})

/** Stands in for a crowd that is served, for so many ms. */
function keepBusy(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

t.test('while nobody reads all writes begin at once', async (t) => {
  const { app, tokens } = await gather(t)
  const storm = refreshAll(app, tokens)
  const turns = await countWhile(storm, async () => {})
  t.strictSame(new Set(await storm), new Set([200]))
  t.ok(turns < MANY / 4, `${turns} turns of the event loop`)
})

t.test('what is refused, and what changes nothing whatever its method, waits behind no write', async (t) => {
  const { app, reader, tokens } = await gather(t)
  await getMe(app, reader.access_token)
  let answered = 0
  const storm = Promise.all(tokens.map((token) => refresh(app, token).then(() => (answered += 1))))
  const ask = async (method: 'POST' | 'PATCH', url: string, headers = {}) => {
    const { statusCode } = await app.inject({ method, url: `/api/v1${url}`, headers, payload: {} })
    return [statusCode, answered < MANY / 2]
  }
  const answers = await Promise.all([
    ask('POST', '/auth/refresh'),
    ask('POST', '/users/me/password'),
    ask('PATCH', '/auth/login'),
    ask('POST', '/auth/verify', reader.authorization),
  ])
  t.strictSame(answers, [
    [400, true],
    [401, true],
    [405, true],
    [204, true],
  ])
  await storm
})

t.test('who hangs up while waiting holds nobody up, and the service ends when the others are answered', async (t) => {
  const { app, reader, tokens } = await gather(t)
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  let begun = 0
  app.server.on('request', () => (begun += 1))
  await getMe(app, reader.access_token)
  const received = tokens.map((token) => {
    const body = JSON.stringify({ refresh_token: token })
    const head = `host: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}`
    const socket = connect(port, '127.0.0.1', () =>
      socket.write(`POST /api/v1/auth/refresh HTTP/1.1\r\n${head}\r\n\r\n${body}`),
    )
    return { socket, text: '' }
  })
  for (const each of received) each.socket.on('data', (chunk) => (each.text += chunk)).on('error', () => {})
  while (begun < MANY) await turn()
  t.ok(
    received.some(({ text }) => text === ''),
    'some wait',
  )
  const [gone, others] = [received.slice(-5), received.slice(0, -5)]
  for (const { socket } of gone) socket.resetAndDestroy()
  await app.close()
  await eventually(() => others.every(({ socket }) => socket.closed))
  t.strictSame(new Set(others.map(({ text }) => text.slice(0, 12))), new Set(['HTTP/1.1 200']))
})
