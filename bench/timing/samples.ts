/** Times of answers, known and unknown in turn. */
import { Agent, request } from 'node:http'
import type { Endpoint } from './endpoints.ts'
import type { Names } from './people.ts'
import type { Pairs } from './statistics.ts'

let addresses = 0

/** An address that was not used before, so that no limit is reached. */
function newAddress(): string {
  addresses += 1
  return `10.${(addresses >> 16) & 255}.${(addresses >> 8) & 255}.${addresses & 255}`
}

/** @returns µs from the first byte of the request to the last of the answer */
function timeOne(agent: Agent, base: string, { path, body, status }: Endpoint, name: string): Promise<number> {
  const content = JSON.stringify(body(name))
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(content),
    'x-forwarded-for': newAddress(),
    // what a planted difference goes by
    'x-request-id': name,
  }
  return new Promise((resolve, reject) => {
    const begun = process.hrtime.bigint()
    const sent = request(base + path, { agent, method: 'POST', headers }, (answer) => {
      answer.resume()
      answer.once('end', () => {
        const took = Number(process.hrtime.bigint() - begun) / 1000
        if (answer.statusCode === status) resolve(took)
        else reject(new Error(`${path} answered ${answer.statusCode}`))
      })
    })
    sent.on('error', reject)
    sent.end(content)
  })
}

/** Takes as many pairs as there are names, each of the two first in half of them, at random. */
export async function takePairs(base: string, endpoint: Endpoint, { known, unknown }: Names): Promise<Pairs> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const pairs = { known: [] as number[], unknown: [] as number[] }
  const take = async (side: keyof Pairs, name: string) => pairs[side].push(await timeOne(agent, base, endpoint, name))
  for (const [index, name] of known.entries()) {
    const other = unknown[index] ?? ''
    if (Math.random() < 0.5) {
      await take('known', name)
      await take('unknown', other)
    } else {
      await take('unknown', other)
      await take('known', name)
    }
  }
  agent.destroy()
  return pairs
}
