/** People at a service that is copied under them, and what was acknowledged to each. */
import { setTimeout as after } from 'node:timers/promises'
import BetterSqlite from 'better-sqlite3'
import { sql } from 'kysely'
import { migrateUp } from '../../src/db/migrate.ts'
import { bearer, type Tokens } from './app.ts'
import { withDatabase } from './database.ts'
import { call, type Service } from './service.ts'

export interface Member extends Tokens {
  username: string
  password: string
  /** refresh tokens of sessions that were ended */
  ended: string[]
  /** whether a call was under way when the service refused to write, so that nobody knows what became of it */
  unsure?: boolean
}

/** The service answered that it cannot write now. */
export class Refused extends Error {}

/** @throws Refused when the answer is 503 */
async function ask<T = Tokens>(service: Service, path: string, body: object, token?: string): Promise<T> {
  const answer = await call<T & { code?: string }>(`${service.api}${path}`, body, token ? bearer(token) : {})
  if (answer.status === 503 && answer.body.code === 'unavailable') throw new Refused()
  if (answer.body.code === 'overloaded') return after(PAUSE).then(() => ask(service, path, body, token))
  if (answer.status >= 300) throw new Error(`${path} answered ${answer.status} ${JSON.stringify(answer.body)}`)
  return answer.body
}

/** Registers somebody. */
export async function join(service: Service, username: string): Promise<Member> {
  const password = `the first of ${username}`
  const tokens = await ask(service, '/auth/register', { username, email: `${username}@example.org`, password })
  return { username, password, ended: [], ...tokens }
}

/** Exchanges the refresh token. */
export async function renew(service: Service, member: Member): Promise<void> {
  Object.assign(member, await ask(service, '/auth/refresh', { refresh_token: member.refresh_token }))
}

/** Ends the session and opens another one. */
export async function comeBack(service: Service, member: Member): Promise<void> {
  const { username: identifier, password, refresh_token } = member
  await ask(service, '/auth/logout', { refresh_token })
  member.ended.push(refresh_token)
  Object.assign(member, await ask(service, '/auth/login', { identifier, password }))
}

async function changePassword(service: Service, member: Member): Promise<void> {
  const { password, access_token } = member
  const next = `${password}, changed`
  await ask(service, '/users/me/password', { current_password: password, new_password: next }, access_token)
  member.password = next
}

/** Between two people of one name, in ms: the load is light. */
const PAUSE = 40

const ACTS = [renew, comeBack, changePassword, renew]

/** Keeps people coming and going, one call after another, until it is told to stop or the service refuses to write. */
export function keepBusy(service: Service, name: string) {
  let isWanted = true
  const members: Member[] = []
  async function goOn(): Promise<void> {
    for (let count = 0; isWanted; count += 1) {
      await after(PAUSE)
      const member = await join(service, `${name}.${count}`)
      members.push(member)
      for (const act of [ACTS[count % ACTS.length], ACTS[(count + 1) % ACTS.length]])
        await act?.(service, member).catch((error: unknown) => {
          member.unsure = true
          throw error
        })
    }
  }
  const done = goOn().then(
    () => 'stopped' as const,
    (error: unknown) => {
      if (error instanceof Refused) return 'refused' as const
      throw error
    },
  )
  done.catch(() => {})
  return {
    members,
    /** Resolves with why it ended, when it has. */
    done,
    stop: () => {
      isWanted = false
      return done
    },
  }
}

/** So many people are asked about together: from one address, more logins would be turned away. */
const AT_ONCE = 8

/** What is wrong with these people's sessions and passwords, in words; nothing if everything acknowledged holds. */
export async function findFaults(service: Service, members: readonly Member[]): Promise<string[]> {
  const sure = members.filter(({ unsure }) => !unsure)
  const faults: string[] = []
  for (let start = 0; start < sure.length; start += AT_ONCE)
    faults.push(
      ...(await Promise.all(sure.slice(start, start + AT_ONCE).map((member) => faultsOf(service, member)))).flat(),
    )
  return faults
}

async function faultsOf({ api }: Service, member: Member): Promise<string[]> {
  const { username, password, access_token, refresh_token, ended } = member
  const statusOf = async (path: string, body: object) => {
    for (;;) {
      const answer = await call<{ code?: string }>(`${api}${path}`, body)
      // too much to hash on a machine that is busy otherwise says nothing about what was copied
      if (answer.body.code !== 'overloaded') return answer.status
      await after(PAUSE)
    }
  }
  const renewed = await call<Tokens>(`${api}/auth/refresh`, { refresh_token })
  const answers = [
    ['the password', await statusOf('/auth/login', { identifier: username, password }), 200],
    ['the access token', (await call(`${api}/users/me`, undefined, bearer(access_token))).status, 200],
    ['the refresh token', renewed.status, 200],
  ] as [string, number, number][]
  for (const token of ended)
    answers.push(['a session that was ended', await statusOf('/auth/refresh', { refresh_token: token }), 401])
  if (renewed.status === 200) Object.assign(member, renewed.body)
  return answers
    .filter(([, found, expected]) => found !== expected)
    .map(([what, found]) => `${username}: ${what} was answered ${found}`)
}

/** Accounts that were there long before, with roles, passwords and two sessions each. */
export function swell(path: string, count: number): void {
  const file = new BetterSqlite(path)
  const numbers = 'with recursive n(i) as (select 1 union all select i + 1 from n where i < ?)'
  file.transaction(() => {
    file
      .prepare(
        `${numbers} insert into users (uid, username, username_key, name, created_at, updated_at)
         select printf('%032x', i), 'old' || i, 'old' || i, 'Zoë 🦋 ' || i, 1600000000000 + i, 0 from n`,
      )
      .run(count)
    file.exec(`insert into passwords (user_id, hash, updated_at)
        select id, '$argon2id$' || hex(randomblob(40)), created_at from users where uid = printf('%032x', substr(username, 4));
      insert into user_roles (user_id, role) select user_id, 'user' from passwords where hash like '$argon2id$%' and updated_at < 1700000000000;
      insert into sessions (id, user_id, salt, generation, rotated_at, created_at, last_used_at, expires_at, user_agent)
        select lower(hex(randomblob(16))), user_id, lower(hex(randomblob(16))), 1, 0, 0, 0, 9999999999999, 'curl' || char(10)
        from passwords, (select 1 union all select 2) where updated_at < 1700000000000`)
  })()
  file.close()
}

/** Makes an empty database. */
export const makeDatabase = (url: string) => withDatabase(url, migrateUp)

/** Runs statements. */
export const write = (url: string, ...statements: string[]) =>
  withDatabase(url, async (db) => {
    for (const statement of statements) await sql.raw(statement).execute(db)
  })

/** What a query finds, a text with commas for each row. */
export const read = (url: string, query: string) =>
  withDatabase(url, async (db) =>
    (await sql.raw<Record<string, unknown>>(query).execute(db)).rows.map((row) => Object.values(row).join()),
  )
