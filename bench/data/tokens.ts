/**
 * Writes an access token and a refresh token for every session of `COUNT` accounts, chosen evenly over all of them and
 * then shuffled, so that neighbours in the file are no neighbours in the database. Makes the first signing key where
 * there is none.
 */
import { writeFileSync } from 'node:fs'
import { buildApp } from '../../src/app.ts'
import { loadConfig } from '../../src/config.ts'
import { deriveRefreshToken } from '../../src/sessions/refresh-token.ts'
import { signAccessToken } from '../../src/tokens/access-token.ts'

const { ACCESS = '', REFRESH = '', COUNT = '0', USERS = '0' } = process.env

/** Accounts asked for in one statement. */
const BATCH = 500

const app = await buildApp(loadConfig())
const chosen = shuffled(
  Array.from({ length: Number(COUNT) }, (_, index) => 1 + Math.floor((index * Number(USERS)) / Number(COUNT))),
)
const access: string[] = []
const refresh: string[] = []
for (let first = 0; first < chosen.length; first += BATCH) {
  const rows = await sessionsOf(chosen.slice(first, first + BATCH))
  for (const row of shuffled(rows)) {
    access.push(signAccessToken(app, { uid: row.uid, session: row, expires_at: row.expires_at }).token)
    refresh.push(deriveRefreshToken(app.keys.refreshKeys[0], row, row.generation))
  }
}
writeFileSync(ACCESS, `${access.join('\n')}\n`)
writeFileSync(REFRESH, `${refresh.join('\n')}\n`)
await app.close()

function sessionsOf(userIds: readonly number[]) {
  return app.db
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .select(['sessions.id', 'salt', 'generation', 'expires_at', 'authenticated_at', 'amr', 'users.uid'])
    .where('sessions.user_id', 'in', userIds)
    .where('revoked_at', 'is', null)
    .execute()
}

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item)
}
