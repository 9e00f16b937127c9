import { createHash, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { readContract } from '../../scripts/contract/read.ts'
import { findByIdentifier } from '../../src/accounts/account.ts'
import { OPERATOR } from '../../src/audit/actor.ts'
import { inTransaction, type Tx } from '../../src/db/transaction.ts'
import { findHash } from '../../src/passwords/password.ts'
import { issueCode } from '../../src/proofs/code.ts'
import { issueProof, type NewProof } from '../../src/proofs/proof.ts'
import { digestOfRequest, makeRequestToken } from '../../src/proofs/request-token.ts'
import { CAPS } from '../../src/sessions/caps.ts'
import { takeApart } from '../attacks/mint.ts'
import {
  bearer,
  type Environment,
  getMe,
  onEachStore,
  type Person,
  post,
  refresh,
  registerAdmin,
  somebody,
  startApp,
  type TestApp,
  type Tokens,
} from '../support/app.ts'
import { multiplySessions } from '../support/sessions.ts'
import { type Act, ENDINGS, type Endings, endingsTable, TOKENS, type Token } from './endings.ts'

const HOUR = 3_600_000

/** Of whoever asked for what was sent. */
const REQUEST = makeRequestToken()

type Device = 'this' | 'other'
interface SignedIn extends Tokens {
  device_token: string
}

/** An account with two sessions on two devices, and one token of each kind on its way. */
interface Scene {
  app: TestApp
  admin: Person
  id: string
  user_id: number
  email: string
  password: string
  sessions: Record<Device, SignedIn>
  tokens: Record<Token, string>
}

t.test('docs/security.md shows this very table', async (t) => {
  const document = readFileSync(new URL('../../docs/security.md', import.meta.url), 'utf8')
  t.ok(document.includes(endingsTable()), `it should be\n${endingsTable()}`)
})

t.test('what the table leaves out is not there', async (t) => {
  const paths = [readContract('main'), readContract('compat')].flatMap((contract) => Object.keys(contract.paths))
  t.ok(paths.length > 30)
  t.strictSame(
    paths.filter((path) => /factor|totp|webauthn|passkey/.test(path)),
    [],
    'whoever adds second factors fills their row in',
  )
})

t.test('every cell of the table', (t) => onEachStore(t, walk))

async function walk(t: Test, environment: Environment) {
  const app = await startApp(t, { ACCESS_TOKEN_TTL: '1h', SIGN_IN_LINK: 'on', SIGN_IN_CODE: 'on', ...environment })
  const admin = await registerAdmin(app)
  for (const [act, endings] of Object.entries<Endings | undefined>(ENDINGS)) {
    if (!endings) continue
    await t.test(act, async (t) => {
      // each of these changes what becomes of the other two
      for (const last of ['change', 'undo', 'reset'] as const) {
        const scene = await setUp(app, admin)
        const before = structuredClone(scene.sessions)
        await ACTS[act as Act](scene)
        await checkSessions(t, scene, endings)
        if (act === 'account disabled') await update(scene, { disabled: false })
        await checkDevices(t, scene, endings, before)
        await checkTokens(t, scene, endings, last)
      }
    })
    // its access tokens are among those that end
    if (act === 'signing keys revoked') Object.assign(admin, await signInAgain(app, admin))
  }
}

const signInAgain = async (app: TestApp, { username, password }: Person) => {
  const tokens = (await post(app, '/auth/login', { identifier: username, password })).json<Tokens>()
  return { ...tokens, authorization: bearer(tokens.access_token) }
}

async function setUp(app: TestApp, admin: Person): Promise<Scene> {
  const { email, username, password } = somebody()
  const first = await post(app, '/auth/register', { email, username, password })
  const second = await post(app, '/auth/login', { identifier: email, password }, { 'user-agent': 'another' })
  const sessions = { this: first.json<SignedIn>(), other: second.json<SignedIn>() }
  // who signs in by mail and is the first to prove the address would end more than the table says
  await app.db.updateTable('users').set({ email_verified_at: app.now() }).where('email', '=', email).execute()
  const account = await findByIdentifier(app.db, email)
  const { id: user_id = 0, uid: id = '' } = account ?? {}
  const tokens = await inTransaction(app.db, (tx) => sendAll(tx, app, { user_id, email, sessions }))
  return { app, admin, id, user_id, email, password, sessions, tokens }
}

/** What is sent by mail, without the mail. */
async function sendAll(
  tx: Tx,
  app: TestApp,
  { user_id, email, sessions }: Pick<Scene, 'user_id' | 'email' | 'sessions'>,
) {
  const send = (purpose: NewProof['purpose'], bound: NewProof['bound'], owner: number | null = user_id, by?: string) =>
    issueProof(tx, app, { purpose, user_id: owner, bound, request: by, ttl: HOUR })
  const asked = digestOfRequest(REQUEST)
  const hash = (await findHash(tx, user_id)) ?? ''
  const { sid } = JSON.parse(Buffer.from(sessions.other.access_token.split('.')[1] ?? '', 'base64url').toString())
  return {
    verify: await send('email-verify', { email_key: email }, user_id, asked),
    change: await send('email-change', { email: `new.${email}`, from: email }, user_id, asked),
    undo: await send('email-change-undo', { email: `old.${email}` }),
    reset: await send('password-reset', {
      email_key: email,
      password: createHash('sha256').update(hash).digest('base64url'),
    }),
    link: await send('sign-in', { email_key: email }),
    code: await issueCode(tx, app, { address: email, request: randomUUID(), ip: undefined }, HOUR),
    end: await send('session-end', { session_id: sid, user_id, device: 'unknown', likeness: 'unknown' }, null),
    unlock: await send('unlock', { email }),
  } satisfies Record<Token, string>
}

const update = ({ app, admin, id }: Scene, payload: object) =>
  app.inject({ method: 'PUT', url: `/api/v1/users/${id}`, payload, headers: admin.authorization })

/** How each kind of token is shown. */
const show = ({ app, email, tokens }: Scene): Record<Token, () => ReturnType<typeof post>> => ({
  verify: () => post(app, '/auth/email/verify', { token: tokens.verify, request_token: REQUEST }),
  change: () => post(app, '/auth/email/change/confirm', { token: tokens.change, request_token: REQUEST }),
  undo: () => post(app, '/auth/email/change/undo', { token: tokens.undo }),
  reset: () => post(app, '/auth/password/reset', { token: tokens.reset, new_password: 'set by a link' }),
  link: () => post(app, '/auth/sign-in/link/verify', { token: tokens.link }),
  code: () => post(app, '/auth/sign-in/code/verify', { email, code: tokens.code }),
  end: () => post(app, '/auth/session/end', { token: tokens.end }),
  unlock: () => post(app, '/auth/unlock', { token: tokens.unlock }),
})

async function succeed(response: ReturnType<typeof post>): Promise<void> {
  const { statusCode, body } = await response
  if (statusCode >= 300) throw new Error(`the act was answered ${statusCode}: ${body}`)
}

const ACTS: Record<Act, (scene: Scene) => Promise<void>> = {
  'password changed by its owner': ({ app, password, sessions }) => {
    const { access_token, device_token } = sessions.this
    const body = { current_password: password, new_password: 'another password' }
    return succeed(post(app, '/users/me/password', body, { ...bearer(access_token), 'x-device-token': device_token }))
  },
  'password set by an admin': (scene) => succeed(update(scene, { password: 'set by an admin' })),
  'password reset by a link': (scene) => succeed(show(scene).reset()),
  async 'address proved by who did not register'({ app, user_id, tokens }) {
    await app.db.updateTable('users').set({ email_verified_at: null }).where('id', '=', user_id).execute()
    const { verify: token } = tokens
    await succeed(post(app, '/auth/email/verify', { token, new_password: 'a phrase of the owner' }))
  },
  'address changed': (scene) => succeed(show(scene).change()),
  'change of address taken back': (scene) => succeed(show(scene).undo()),
  'roles changed': (scene) => succeed(update(scene, { roles: ['admin', 'user'] })),
  'account disabled': (scene) => succeed(update(scene, { disabled: true })),
  'account deleted': ({ app, sessions }) =>
    succeed(app.inject({ method: 'DELETE', url: '/api/v1/users/me', headers: bearer(sessions.this.access_token) })),
  'logged out by an admin': ({ app, admin, id }) =>
    succeed(app.inject({ method: 'DELETE', url: `/api/v1/users/${id}/sessions`, headers: admin.authorization })),
  logout: ({ app, sessions }) => succeed(post(app, '/auth/logout', { refresh_token: sessions.this.refresh_token })),
  'logout everywhere': ({ app, sessions }) =>
    succeed(post(app, '/auth/logout-all', {}, bearer(sessions.this.access_token))),
  async 'one session too many, this one the idlest'({ app, user_id, email, password, sessions }) {
    await multiplySessions(app, CAPS.interactive.most - 2, { user_id })
    const idlest = String(takeApart(sessions.this.access_token).claims.sid)
    await app.db
      .updateTable('sessions')
      .set({ last_used_at: app.now() - HOUR })
      .where('id', '=', idlest)
      .execute()
    const headers = { 'x-device-token': sessions.this.device_token }
    await succeed(post(app, '/auth/login', { identifier: email, password }, headers))
  },
  async 'stolen refresh token'({ app, sessions }) {
    const stolen = sessions.this.refresh_token
    Object.assign(sessions.this, (await refresh(app, stolen)).json<Tokens>())
    app.clock.advance(11_000)
    if ((await refresh(app, stolen)).json().code !== 'refresh_token_reused') throw new Error('it was not noticed')
  },
  async 'signing keys revoked'({ app }) {
    await app.keys.rotate(OPERATOR, app.now())
    await app.keys.revokeOthers(OPERATOR)
  },
  async 'second factors reset'() {
    throw new Error('there are none')
  },
}

async function checkSessions(t: Test, { app, sessions }: Scene, endings: Endings): Promise<void> {
  for (const which of ['this', 'other'] as const) {
    const { access_token, refresh_token } = sessions[which]
    const goesOn = (which === 'this' ? endings.this_session : endings.other_sessions) === 'goes on'
    const isAccepted = (await getMe(app, access_token)).statusCode === 200
    const isRefreshed = (await refresh(app, refresh_token)).statusCode === 200
    const isLeft = (fate: Endings['access_tokens']) => fate === 'with their sessions' && goesOn
    t.equal(isAccepted, isLeft(endings.access_tokens), `the access token of ${which} session`)
    t.equal(isRefreshed, isLeft(endings.refresh_tokens), `the refresh token of ${which} session`)
    t.equal(isAccepted || isRefreshed, goesOn, `${which} session`)
  }
}

/** A device that is known is given no new token when it signs in. */
async function checkDevices(t: Test, scene: Scene, endings: Endings, devices: Scene['sessions']): Promise<void> {
  const { app, user_id } = scene
  const forgotten: readonly string[] = { none: [], others: ['other'], all: ['this', 'other'] }[
    endings.forgotten_devices
  ]
  for (const which of ['this', 'other'] as const) {
    const [account] = await app.db.selectFrom('users').selectAll().where('id', '=', user_id).execute()
    if (!account) continue
    const bound = { email_key: account.email_key ?? '' }
    const headers = { 'x-device-token': devices[which].device_token, 'user-agent': 'whatever' }
    const signedIn = await withoutOthers(app, { purpose: 'sign-in', user_id, bound, ttl: HOUR }, (token) =>
      post(app, '/auth/sign-in/link/verify', { token }, headers),
    )
    t.equal(signedIn.statusCode, 200)
    t.equal('device_token' in signedIn.json(), forgotten.includes(which), `${which} device`)
  }
}

/** Uses a new token, which leaves the one of its purpose good that is looked at later. */
async function withoutOthers<T>(app: TestApp, proof: NewProof, use: (token: string) => Promise<T>): Promise<T> {
  const older = await app.db
    .deleteFrom('proofs')
    .where('user_id', '=', proof.user_id)
    .where('purpose', '=', proof.purpose)
    .returningAll()
    .execute()
  const used = await use(await inTransaction(app.db, (tx) => issueProof(tx, app, proof)))
  if (older.length > 0) await app.db.insertInto('proofs').values(older).execute()
  return used
}

/** Those that change nothing for the others first, and of those that do, one. */
async function checkTokens(t: Test, scene: Scene, { void_tokens }: Endings, last: Token): Promise<void> {
  const harmless = TOKENS.filter((token) => !['change', 'undo', 'reset'].includes(token))
  for (const token of [...harmless, last]) {
    const { statusCode, body } = await show(scene)[token]()
    const refusal = statusCode >= 400 ? JSON.parse(body).code : undefined
    const spent = token === 'code' ? 'sign_in_code_invalid' : 'one_time_token_invalid'
    t.equal(refusal, void_tokens.includes(token) ? spent : undefined, token)
  }
}
