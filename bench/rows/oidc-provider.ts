/** The same jobs done by oidc-provider. */
import { writeFileSync } from 'node:fs'
import { scratchFolder } from '../data/places.ts'
import { load, type Request } from '../load/closed.ts'
import { compareLoads, costs } from '../load/compare.ts'
import { alternate, type Row } from '../measure.ts'
import { SETTINGS, startLatchkey } from '../servers/latchkey.ts'
import { startPeer } from '../servers/peer.ts'
import type { RunningServer } from '../servers/start.ts'

const CONNECTIONS = 32
const PEER = 'oidc-provider with its defaults, which keep everything in memory and sign no access token'

/** Who is it, by access token. */
export const meOidcProvider: Row = {
  name: 'me-oidc-provider',
  group: 'requests',
  ours: 'authenticated GET /users/me',
  theirs: 'oidc-provider, GET /me (userinfo)',
  unit: 'requests/s',
  setting: `${SETTINGS}, one token; ${PEER}; ${CONNECTIONS} connections`,
  limits: 'Its memory of a thousand entries stands for the database that a service of its kind would ask.',

  async run(effort) {
    await using latchkey = await startLatchkey()
    await using peer = await startPeer('oidc-provider')
    const { access } = await makeTokens(peer, 1)
    const headers = { authorization: `Bearer ${access}` }
    return await compareLoads(effort, CONNECTIONS, {
      ours: { pid: latchkey.pid, request: latchkey.requests.me },
      theirs: { pid: peer.pid, request: { url: `${peer.url}/me`, headers } },
    })
  },
}

/** A refresh token for its successor and an access token. */
export const refreshOidcProvider: Row = {
  name: 'refresh-oidc-provider',
  group: 'requests',
  ours: 'POST /auth/refresh, durable',
  theirs: 'oidc-provider, refresh_token at its token endpoint, in memory',
  unit: 'requests/s',
  setting: `${SETTINGS}; ${PEER}; a public client, whose refresh tokens it replaces with every use; ${CONNECTIONS} connections`,
  limits: 'Ours commits to disk before it answers, and signs a JWT; theirs does neither by default.',

  async run(effort) {
    using scratch = scratchFolder()
    await using latchkey = await startLatchkey()
    await using peer = await startPeer('oidc-provider')
    const path = `${scratch.path}/refresh`
    const theirs: Request = {
      url: `${peer.url}/token`,
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      lines: { kind: 'refresh-form', path },
    }
    const runPeer = async () => {
      // new ones for every run: among a thousand things in memory there is no room for many
      const { refresh } = await makeTokens(peer, 2 * CONNECTIONS)
      writeFileSync(path, `${refresh.join('\n')}\n`)
      return load(theirs, { connections: CONNECTIONS, seconds: effort.seconds, pid: peer.pid })
    }
    const runOurs = () =>
      load(latchkey.requests.refresh, { connections: CONNECTIONS, seconds: effort.seconds, pid: latchkey.pid })
    await alternate({ rounds: 1 }, { ours: runOurs, theirs: runPeer })
    const seen = await alternate(effort, { ours: runOurs, theirs: runPeer })
    return {
      ours: seen.ours.map(({ rate }) => rate),
      theirs: seen.theirs.map(({ rate }) => rate),
      also: [...costs('ours', seen.ours), ...costs('other side', seen.theirs)],
    }
  },
}

async function makeTokens(peer: RunningServer, count: number): Promise<{ access: string; refresh: string[] }> {
  const response = await fetch(`${peer.url}/tokens?count=${count}`)
  return (await response.json()) as { access: string; refresh: string[] }
}
