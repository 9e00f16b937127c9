/**
 * The process behind open.ts. A wait counts from the moment at which the request was handed to the HTTP client, so it
 * includes waiting for a connection when the server lets all of them wait: a slow server is never asked less often.
 * What the generator itself was late is told apart.
 */
import { Agent, get } from 'node:http'
import { getPriority, setPriority } from 'node:os'
import { setTimeout as after } from 'node:timers/promises'

const { URL: url = '', HEADERS = '{}', RATE, SECONDS, PERCENTILES = '[]' } = process.env
const headers: Record<string, string> = JSON.parse(HEADERS)
const interval = 1000 / Number(RATE)
const agent = new Agent({ keepAlive: true, maxSockets: 256 })

/** Not counted: connections are opened, code is compiled; in ms. */
const WARM_UP = 1000

/** Before all that share the machine with us, if we may. */
try {
  // never behind where the whole bench was put
  setPriority(Math.min(getPriority(), -15))
} catch {
  // not root: what the generator is late then shows in its figures
}

const waits: number[] = []
const lags: number[] = []
const underWay = new Set<Promise<void>>()

function ask(): Promise<number> {
  const start = performance.now()
  return new Promise((resolve, reject) => {
    get(url, { agent, headers }, (response) => {
      response.resume().once('end', () => {
        if (response.statusCode === 200) resolve(performance.now() - start)
        else reject(new Error(`${url} was answered ${response.statusCode}`))
      })
    }).once('error', reject)
  })
}

function send(isCounted: boolean, lag: number): void {
  const request = ask().then((wait) => {
    underWay.delete(request)
    if (isCounted) waits.push(wait)
  })
  underWay.add(request)
  if (isCounted) lags.push(lag)
}

const start = performance.now()
const end = start + WARM_UP + Number(SECONDS) * 1000
for (let due = start; due < end; due += interval) {
  while (performance.now() < due) await after(due - performance.now())
  send(due - start > WARM_UP, performance.now() - due)
}
await Promise.all(underWay)
agent.destroy()

const percentile = (sorted: readonly number[], share: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * share) / 100))]
const sorted = waits.toSorted((a, b) => a - b)
const percentiles = (JSON.parse(PERCENTILES) as number[]).map((share) => percentile(sorted, share))
const late = percentile(
  lags.toSorted((a, b) => a - b),
  99,
)
process.stdout.write(JSON.stringify({ percentiles, late, answered: waits.length }))
