/** Ten times as many logins as the machine can do: hashing never pauses, and nobody else is kept waiting. */
import { readFileSync } from 'node:fs'
import { setTimeout as after } from 'node:timers/promises'
import t from 'tap'
import { type Environment, somebody, type Tokens, testEnvironment } from '../support/app.ts'
import { METRICS_TOKEN } from '../support/scrape.ts'
import { call, startService } from '../support/service.ts'

/** How long a round of the flood lasts, in s; a minute says more, and takes longer than a suite may. */
const SECONDS = Number(process.env['LATCHKEY_FLOOD_SECONDS'] ?? 2)

/**
 * Logins in the flood, as a share of those without it. Held against it only in a long run on a quiet machine: beside other
 * tests the threads that hash get what is left of the cores. That they always have work is held against it in any case.
 */
const LEAST = SECONDS >= 60 ? 0.9 : 0

/** The share of the time in which a hash is in flight; one that is not finished when the time is up does not count. */
const BUSY = 0.75

const ROUNDS = SECONDS >= 60 ? 1 : 2

/** How much memory the flood may take beyond what the service had, in MiB. Seen were under 40. */
const MEMORY = 150

/** Dear enough that a core makes tens a second, so that the flood costs this process little. */
const SETTINGS: Environment = {
  ARGON2_MEMORY: '19456',
  ARGON2_TIME: '2',
  HASH_CONCURRENCY: '1',
  HASH_QUEUE: '16',
  HASH_WAIT: '30s',
  TRUST_PROXY: '1',
  METRICS: `token:${METRICS_TOKEN}`,
}

const median = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0

t.test('a flood of logins', { timeout: 600_000 }, async (t) => {
  const { api, child } = await startService(t, { ...testEnvironment(t), ...SETTINGS })
  const memory = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1024
  const person = somebody()
  await call<Tokens>(`${api}/auth/register`, person)
  // of another account: the idlest session of the one that is flooded ends when it has too many
  const { access_token } = (await call<Tokens>(`${api}/auth/register`, somebody())).body
  const credentials = { identifier: person.username, password: person.password }

  /** How long hashes have been in flight since the start, in s, and how many there were. */
  async function hashed(): Promise<{ seconds: number; hashes: number }> {
    const url = `${api.replace('/api/v1', '')}/metrics`
    const text = await (await fetch(url, { headers: { authorization: `Bearer ${METRICS_TOKEN}` } })).text()
    const read = (part: string) =>
      Number(new RegExp(`^latchkey_hash_duration_seconds_${part} (.+)$`, 'm').exec(text)?.[1])
    return { seconds: read('sum'), hashes: read('count') }
  }

  const statuses = new Map<number, number>()
  let succeeded = 0
  async function logIn(address: string): Promise<number> {
    const response = await fetch(`${api}/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-forwarded-for': address },
      body: JSON.stringify(credentials),
    })
    const body = (await response.json()) as { code?: string }
    statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1)
    if (response.status === 200) succeeded += 1
    if (response.status === 503 && (body.code !== 'overloaded' || !(Number(response.headers.get('retry-after')) > 0)))
      t.fail('a refusal says why, and when to come again')
    return response.status
  }

  const busy: number[] = []
  const took: number[] = []

  /** Logins a second, while something goes on. */
  async function throughput(meanwhile: (isOver: () => boolean) => Promise<void>): Promise<number> {
    let over = false
    const work = meanwhile(() => over)
    // until the line is as long as it will be
    await after(300)
    const [begun, before, worked] = [performance.now(), succeeded, await hashed()]
    await after(1000 * SECONDS)
    const seconds = (performance.now() - begun) / 1000
    const now = await hashed()
    busy.push((now.seconds - worked.seconds) / seconds)
    took.push((1000 * (now.seconds - worked.seconds)) / Math.max(1, now.hashes - worked.hashes))
    const rate = (succeeded - before) / seconds
    over = true
    await work
    return rate
  }

  /** Four people who log in again and again keep one core busy. */
  const usual = async (isOver: () => boolean) => {
    const again = async () => {
      while (!isOver()) await logIn('192.0.2.1')
    }
    await Promise.all([again(), again(), again(), again()])
  }

  const waits: number[] = []
  const answers: number[] = []
  /** One address sends `rate` logins a second, whatever comes back; somebody else logs in, and uses the API. */
  const flood = (rate: number) => async (isOver: () => boolean) => {
    const sent: Promise<number>[] = []
    const attack = async () => {
      const begun = performance.now()
      while (!isOver()) {
        const due = Math.ceil(((performance.now() - begun) * rate) / 1000)
        while (sent.length < due) sent.push(logIn('198.51.100.1'))
        await after(10)
      }
    }
    const victim = async () => {
      while (!isOver()) {
        const begun = performance.now()
        t.equal(await logIn('203.0.113.1'), 200, 'who comes from elsewhere is let in')
        waits.push(performance.now() - begun)
      }
    }
    const reader = async () => {
      while (!isOver()) {
        const begun = performance.now()
        const { status } = await call(`${api}/users/me`, undefined, { authorization: `Bearer ${access_token}` })
        t.equal(status, 200, 'the rest of the API answers')
        answers.push(performance.now() - begun)
        await after(20)
      }
    }
    await Promise.all([attack(), victim(), reader()])
    await Promise.all(sent)
  }

  await throughput(usual)
  const startedWith = memory()
  let highest = 0
  const watch = setInterval(() => {
    highest = Math.max(highest, memory())
  }, 100)
  const without: number[] = []
  const within: number[] = []
  const flooded: number[] = []
  const hashes: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    without.push(await throughput(usual))
    const before = busy.length
    within.push(await throughput(flood(10 * Math.max(1, median(without)))))
    flooded.push(...busy.slice(before))
    hashes.push(...took.slice(before))
  }
  clearInterval(watch)

  const ratio = median(within) / median(without)
  t.comment(
    `${median(without).toFixed(1)} logins/s, in the flood ${median(within).toFixed(1)} (${ratio.toFixed(2)}); ` +
      `elsewhere a login took ${median(waits).toFixed(0)} ms, GET /users/me ${median(answers).toFixed(1)} ms; ` +
      `memory ${startedWith.toFixed(0)} MiB, then up to ${highest.toFixed(0)}; ${JSON.stringify([...statuses])}`,
  )
  t.ok(median(flooded) >= BUSY, `hashing went on for ${(100 * median(flooded)).toFixed(0)} % of the time`)
  t.ok(ratio >= LEAST, `${ratio.toFixed(2)} of the logins without a flood`)
  t.ok((statuses.get(503) ?? 0) > (statuses.get(200) ?? 0), 'most of the flood is turned away')
  t.strictSame([...statuses.keys()].toSorted(), [200, 503])
  t.ok(highest - startedWith < MEMORY, `memory grew by ${(highest - startedWith).toFixed(0)} MiB`)
  const hash = median(hashes)
  t.ok(
    median(waits) < 8 * hash,
    `a login from elsewhere took ${(median(waits) / hash).toFixed(1)} hashes, not the queue's 16`,
  )
})
