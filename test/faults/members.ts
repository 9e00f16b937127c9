/** People who use a service until it dies, and remember what it acknowledged and what they had asked for last. */
import { verify } from 'argon2'
import type { Db } from '../../src/db/open.ts'
import { parseRefreshToken } from '../../src/sessions/refresh-token.ts'
import { bearer, type Tokens } from '../support/app.ts'
import { call, type Service } from '../support/service.ts'

/** What an account must look like; what was asked for and not acknowledged may have been done or not. */
interface Facts {
  exists: boolean
  name: string | null
  password: string
  isAdmin: boolean
  /** the session of the newest refresh token, and how often that was exchanged */
  session: { id: string; generation: number; isOver: boolean } | undefined
  /** the ids of a token that is good for one call, and of the one before it */
  single: { good: string; used: string | undefined } | undefined
}

export interface Member {
  username: string
  uid: string
  tokens: Tokens | undefined
  singleToken: string | undefined
  facts: Facts
  /** what differs if the request that has no answer was carried out */
  pending: Partial<Facts> | undefined
}

interface Answer {
  status: number
  // biome-ignore lint/suspicious/noExplicitAny: each call has its own
  body: any
}

let count = 0

/** A number for each account, name and password. */
function nextNumber(): number {
  count += 1
  return count
}

const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())

function newMember(): Member {
  const facts: Facts = {
    exists: false,
    name: null,
    password: 'a long password',
    isAdmin: false,
    session: undefined,
    single: undefined,
  }
  return {
    username: `Member.${nextNumber()}`,
    uid: '',
    tokens: undefined,
    singleToken: undefined,
    facts,
    pending: undefined,
  }
}

/** Asks for a change; only what is acknowledged becomes a fact. */
async function attempt(member: Member, changed: Partial<Facts>, request: () => Promise<Answer>): Promise<Answer> {
  member.pending = changed
  const answer = await request()
  if (answer.status >= 300) throw new Error(`${member.username}: ${JSON.stringify(changed)}: ${JSON.stringify(answer)}`)
  Object.assign(member.facts, changed)
  member.pending = undefined
  return answer
}

/** What members do; `api` ends in `/api/v1`. */
type Act = (member: Member, api: string, admin: Member) => Promise<unknown>

const send = async (method: string, url: string, body?: object, token?: string): Promise<Answer> => {
  const response = await fetch(url, {
    method,
    headers: { ...(body && { 'content-type': 'application/json' }), ...(token !== undefined && bearer(token)) },
    ...(body && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, body: text ? JSON.parse(text) : {} }
}

const register: Act = async (member, api) => {
  const { username, facts } = member
  const email = `${username}@Example.org`
  const request = () => send('POST', `${api}/auth/register`, { username, email, password: facts.password })
  takeTokens(member, (await attempt(member, { exists: true }, request)).body)
}

function takeTokens(member: Member, tokens: Tokens): void {
  member.tokens = tokens
  const { sub, sid } = claimsOf(tokens.access_token)
  member.uid = sub
  member.facts.session = { id: sid, generation: 1, isOver: false }
}

const signIn: Act = async (member, api) => {
  const { username: identifier, facts } = member
  const { status, body } = await call<Tokens>(`${api}/auth/login`, { identifier, password: facts.password })
  if (status !== 200) throw new Error(`${identifier}: login answered ${status} ${JSON.stringify(body)}`)
  takeTokens(member, body)
}

const refresh: Act = async (member, api) => {
  const { session } = member.facts
  if (!session) return
  const { refresh_token = '' } = member.tokens ?? {}
  // the token of a lost answer is asked for again, and is the same
  const generation = (parseRefreshToken(refresh_token)?.generation ?? 0) + 1
  const request = () => send('POST', `${api}/auth/refresh`, { refresh_token })
  const { body } = await attempt(member, { session: { ...session, generation } }, request)
  member.tokens = body
}

const rename: Act = (member, api) => {
  const name = `Name ${nextNumber()}`
  return attempt(member, { name }, () => send('PUT', `${api}/users/me`, { name }, member.tokens?.access_token))
}

const changePassword: Act = async (member, api) => {
  const password = `a long password ${nextNumber()}`
  const body = { current_password: member.facts.password, new_password: password }
  await attempt(member, { password }, () => send('POST', `${api}/users/me/password`, body, member.tokens?.access_token))
  // its session is another one, and has ended
  member.facts.single = undefined
}

const changeRole: Act = (member, api, admin) => {
  const isAdmin = !member.facts.isAdmin
  const roles = isAdmin ? ['admin', 'user'] : ['user']
  const url = `${api}/users/${member.uid}`
  return attempt(member, { isAdmin }, () => send('PUT', url, { roles }, admin.tokens?.access_token))
}

const logOut: Act = async (member, api) => {
  const { session } = member.facts
  if (!session) return
  const request = () => send('POST', `${api}/auth/logout`, { refresh_token: member.tokens?.refresh_token })
  await attempt(member, { session: { ...session, isOver: true } }, request)
  await signIn(member, api, member)
}

const remove: Act = (member, api) =>
  attempt(member, { exists: false }, () => send('DELETE', `${api}/users/me`, undefined, member.tokens?.access_token))

/** One call of the dialect whose tokens are good for one call each. */
const spend: Act = async (member, api) => {
  const base = api.replace('/api/v1', '')
  let good = member.facts.single?.good
  if (good === undefined) {
    const credentials = { username: member.username, password: member.facts.password }
    const { status, body } = await send('POST', `${base}/authenticate_user`, credentials)
    if (status !== 200) throw new Error(`${member.username}: ${status} ${JSON.stringify(body)}`)
    member.singleToken = body.token
    good = claimsOf(body.token).jti as string
    member.facts.single = { good, used: undefined }
  }
  member.pending = { single: { good: '', used: undefined } }
  const { status, body } = await send('GET', `${base}/user`, undefined, member.singleToken)
  if (status !== 200) throw new Error(`${member.username}: ${status} ${JSON.stringify(body)}`)
  member.singleToken = body.token
  member.facts.single = { good: claimsOf(body.token).jti, used: good }
  member.pending = undefined
}

const ACTS: readonly Act[] = [refresh, refresh, refresh, rename, changePassword, changeRole, logOut, spend, spend]

/** Uses the service until it is gone; one new account in ten acts, and one deleted. */
export async function useUntilGone({ api }: Service, members: Member[], admin: Member): Promise<number> {
  let done = 0
  try {
    for (; ; done += 1) {
      const member = members.at(-1)
      const choice = Math.random()
      if (!member?.facts.exists || choice < 0.1) {
        members.push(newMember())
        await register(members.at(-1) as Member, api, admin)
      } else if (choice > 0.97) await remove(member, api, admin)
      else await (ACTS[Math.floor(Math.random() * ACTS.length)] as Act)(member, api, admin)
    }
  } catch (error) {
    // fetch fails with a TypeError when the connection dies: that is the end of it
    if (!(error instanceof TypeError)) throw error
  }
  return done
}

/** Registers somebody. */
export async function newcomer({ api }: Service): Promise<Member> {
  const member = newMember()
  await register(member, api, member)
  return member
}

/** Makes members who may go on: what had no answer is now known, and whoever has no session signs in. */
export async function goOn({ api }: Service, members: readonly Member[]): Promise<void> {
  for (const member of members) if (member.facts.exists && !member.tokens) await signIn(member, api, member)
}

/**
 * What the database holds of a member, if it fits what was acknowledged; it is what the member goes on from.
 * @returns what does not fit
 */
export async function compare(db: Db, member: Member): Promise<string[]> {
  const { facts, pending = {} } = member
  const user = await db.selectFrom('users').selectAll().where('username', '=', member.username).executeTakeFirst()
  const found: string[] = []
  const fits = (what: string, fact: unknown, asked: unknown, is: unknown) => {
    if (is !== fact && (asked === undefined || is !== asked))
      found.push(`${member.username}: ${what} is ${is}, not ${fact}`)
  }
  fits('its existence', facts.exists, pending.exists, user !== undefined)
  facts.exists = user !== undefined
  member.pending = undefined
  if (!user) return found

  fits('its name', facts.name, pending.name, user.name)
  facts.name = user.name
  const roles = await db.selectFrom('user_roles').select('role').where('user_id', '=', user.id).execute()
  const isAdmin = roles.some(({ role }) => role === 'admin')
  fits('whether it is an admin', facts.isAdmin, pending.isAdmin, isAdmin)
  facts.isAdmin = isAdmin
  const { hash } = await db
    .selectFrom('passwords')
    .select('hash')
    .where('user_id', '=', user.id)
    .executeTakeFirstOrThrow()
  const isOld = await verify(hash, facts.password)
  const isNew = pending.password !== undefined && (await verify(hash, pending.password))
  if (!isOld && !isNew) found.push(`${member.username}: neither the old password nor the new one`)
  if (isNew && pending.password) facts.password = pending.password
  found.push(...(await compareSession(db, member, pending)), ...(await compareSingle(db, member, pending)))
  return found
}

async function compareSession(db: Db, member: Member, pending: Partial<Facts>): Promise<string[]> {
  const { session } = member.facts
  if (!session) return []
  const row = await db.selectFrom('sessions').selectAll().where('id', '=', session.id).executeTakeFirst()
  const generations: unknown[] = [session.generation, pending.session?.generation]
  const ends = [session.isOver, pending.session?.isOver]
  const isOver = row?.revoked_at !== null
  session.generation = row?.generation ?? 0
  const fits = row && generations.includes(row.generation) && ends.includes(isOver)
  if (isOver) member.tokens = undefined
  return fits ? [] : [`${member.username}: session ${JSON.stringify({ session, pending, row })}`]
}

async function compareSingle(db: Db, member: Member, pending: Partial<Facts>): Promise<string[]> {
  const { single } = member.facts
  if (!single) return []
  const isThere = async (jti: string) =>
    (await db.selectFrom('ephemeral').select('key').where('key', '=', `single-use:${jti}`).executeTakeFirst()) !==
    undefined
  if (single.used !== undefined && (await isThere(single.used)))
    return [`${member.username}: a used token is good again`]
  const isGood = await isThere(single.good)
  // its successor is on a way that ended
  if (!isGood || pending.password !== undefined) member.facts.single = undefined
  return isGood || pending.single ? [] : [`${member.username}: a token that was handed out is not good`]
}
