import { load, type Request } from '../load.ts'
import { alternate, type Row } from '../measure.ts'
import { SETTINGS, startLatchkey } from '../servers/latchkey.ts'
import { startServer } from '../servers/start.ts'

const CONNECTIONS = 32
const WARM_UP_SECONDS = 3
const SECONDS = 5

/** What authentication, headers and the log cost on top of Fastify. */
export const me: Row = {
  name: 'me',
  ours: 'authenticated GET /users/me',
  theirs: 'bare Fastify, same body',
  unit: 'requests/s',
  setting: `${SETTINGS}, LOG_LEVEL=info with a line a request; bare Fastify writes no log; ${CONNECTIONS} connections`,
  target: 0.45,
  later: 0.65,

  async run() {
    await using latchkey = await startLatchkey({ LOG_LEVEL: 'info' })
    const ours = { url: `${latchkey.api}/users/me`, headers: { authorization: `Bearer ${latchkey.accessToken}` } }
    const body = await fetchBody(ours)
    await using bare = await startServer('./fastify.ts', { BODY: body })
    const theirs = { url: bare.url }
    if ((await fetchBody(theirs)) !== body) throw new Error('the two sides answer differently')

    for (const side of [ours, theirs]) await load(side, CONNECTIONS, WARM_UP_SECONDS)
    // awaited here: the servers end when this function does
    return await alternate(
      () => load(ours, CONNECTIONS, SECONDS),
      () => load(theirs, CONNECTIONS, SECONDS),
    )
  },
}

async function fetchBody({ url, headers = {} }: Request): Promise<string> {
  const response = await fetch(url, { headers })
  return response.text()
}
