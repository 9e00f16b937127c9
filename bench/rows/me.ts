import type { Request } from '../load/closed.ts'
import { compareLoads } from '../load/compare.ts'
import type { Row } from '../measure.ts'
import { SETTINGS, startLatchkey } from '../servers/latchkey.ts'
import { startServer } from '../servers/start.ts'

const CONNECTIONS = 32
const SETTING = `${SETTINGS}, one token; bare Fastify writes no log; ${CONNECTIONS} connections`
const LIMITS =
  'One token, so that it is found among those verified before; what a token costs that is new to a node is in the rows `many-me`.'

/** What authentication, headers and the log cost on top of Fastify. */
export const me: Row = {
  name: 'me',
  group: 'requests',
  ours: 'authenticated GET /users/me',
  theirs: 'bare Fastify, same body',
  unit: 'requests/s',
  setting: SETTING,
  limits: LIMITS,
  target: { of: 'ratio', least: 0.65 },

  async run(effort) {
    await using latchkey = await startLatchkey()
    const { me } = latchkey.requests
    const body = await (await ask(me)).text()
    await using bare = await startServer('./fastify.ts', { BODY: body })
    const theirs = { url: bare.url }
    if ((await (await ask(theirs)).text()) !== body) throw new Error('the two sides answer differently')
    // awaited here: the servers end when this function does
    return await compareLoads(effort, CONNECTIONS, {
      ours: { pid: latchkey.pid, request: me },
      theirs: { pid: bare.pid, request: theirs },
    })
  },
}

/** The same for a reverse proxy that asks before it forwards. */
export const verify: Row = {
  name: 'verify',
  group: 'requests',
  ours: 'GET /auth/verify',
  theirs: 'bare Fastify 204, same headers of its own',
  unit: 'requests/s',
  setting: SETTING,
  limits: LIMITS,
  target: { of: 'ratio', least: 0.65 },

  async run(effort) {
    await using latchkey = await startLatchkey()
    const { verify } = latchkey.requests
    const { status, headers } = await ask(verify)
    if (status !== 204) throw new Error(`the token was answered ${status}`)
    const told = [...headers].filter(([name]) => name.startsWith('x-auth-'))
    await using bare = await startServer('./fastify.ts', { HEADERS: JSON.stringify(Object.fromEntries(told)) })
    return await compareLoads(effort, CONNECTIONS, {
      ours: { pid: latchkey.pid, request: verify },
      theirs: { pid: bare.pid, request: { url: bare.url } },
    })
  },
}

function ask({ url, headers = {} }: Request): Promise<Response> {
  return fetch(url, { headers })
}
