import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { bearer, onEachStore, type Tokens, testEnvironment } from './support/app.ts'
import { call, type Service, startService } from './support/service.ts'

/** Everything that the service acknowledged before it was killed. */
interface Acknowledged {
  username: string
  /** every refresh token that was handed out, oldest first */
  tokens: string[]
}

const ROUNDS = 3
const CLIENTS = 12
const password = 'a long password'

/** Registers people and refreshes their tokens until the service is gone. */
async function storm(service: Service, round: number, client: number, acknowledged: Acknowledged[]): Promise<void> {
  try {
    for (let count = 0; ; count += 1) {
      const username = `r${round}c${client}n${count}`
      const registered = await call<Tokens>(`${service.api}/auth/register`, {
        username,
        email: `${username}@example.org`,
        password,
      })
      if (registered.status !== 201) throw new Error(`registration answered ${registered.status}`)
      const entry = { username, tokens: [registered.body.refresh_token] }
      acknowledged.push(entry)
      for (let refreshes = 0; refreshes < 5; refreshes += 1) {
        const refreshed = await call<Tokens>(`${service.api}/auth/refresh`, {
          refresh_token: entry.tokens.at(-1) ?? '',
        })
        if (refreshed.status !== 200) throw new Error(`refresh answered ${refreshed.status}`)
        entry.tokens.push(refreshed.body.refresh_token)
      }
    }
  } catch (error) {
    // fetch fails with a TypeError when the connection dies: that is the end of the storm
    if (!(error instanceof TypeError)) throw error
  }
}

t.test('kill -9 during a storm of registrations and refreshes loses nothing that was acknowledged', (t) =>
  onEachStore(t, async (t, environment) => {
    // with no grace at all, every older token must be refused at once
    const variables = testEnvironment(t, { ...environment, REFRESH_GRACE: '0' })
    const acknowledged: Acknowledged[] = []
    for (let round = 0; round < ROUNDS; round += 1) {
      const service = await startService(t, variables)
      const storms = Array.from({ length: CLIENTS }, (_, client) => storm(service, round, client, acknowledged))
      await delay(400 + 150 * round)
      await service.end('SIGKILL')
      await Promise.all(storms)
    }
    t.ok(acknowledged.length > CLIENTS, `${acknowledged.length} registrations were acknowledged`)
    const service = await startService(t, variables)
    let unreachable = 0
    for (const { username, tokens } of acknowledged) {
      const login = await call(`${service.api}/auth/login`, { identifier: username, password })
      const newest = await call<Tokens>(`${service.api}/auth/refresh`, { refresh_token: tokens.at(-1) ?? '' })
      // a rotation that was committed and not acknowledged makes the newest token that the client knows an old one
      if (newest.body['code' as keyof Tokens] === ('refresh_token_reused' as never)) unreachable += 1
      else if (newest.status !== 200) t.fail(`${username}: the newest token answered ${newest.status}`)
      if (login.status !== 200) t.fail(`${username}: login answered ${login.status}`)
      if (tokens.length > 1) {
        const older = await call(`${service.api}/auth/refresh`, { refresh_token: tokens.at(-2) ?? '' })
        if (older.status !== 401) t.fail(`${username}: an older token answered ${older.status}`)
      }
    }
    t.ok(unreachable <= ROUNDS * CLIENTS, `${unreachable} rotations were in flight when the process died`)
    const me = await call(`${service.api}/users/me`, undefined, bearer('x'))
    t.equal(me.status, 401)
  }),
)
