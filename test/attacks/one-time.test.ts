/** Whatever works once works for one of many who use it at the same moment, of whichever kind it is. */
import { createHash, randomUUID } from 'node:crypto'
import t, { type Test } from 'tap'
import { inTransaction } from '../../src/db/transaction.ts'
import { findHash } from '../../src/passwords/password.ts'
import { issueCode } from '../../src/proofs/code.ts'
import { issueProof, type NewProof } from '../../src/proofs/proof.ts'
import { digestOfRequest, makeRequestToken } from '../../src/proofs/request-token.ts'
import { post, registerAdmin, registerSomebody, somebody, startApp, type TestApp } from '../support/app.ts'
import { askFor } from '../support/by-mail.ts'
import { mailTo } from '../support/mail.ts'

const AT_ONCE = 30
const HOUR = 3_600_000

const ON = { SIGN_IN_LINK: 'on', SIGN_IN_CODE: 'on' }

/** Something to be used once: what each of many does with it at the same moment. */
type Use = (index: number) => ReturnType<typeof post>

/** An account, and how to give it a token past the mail. */
async function somebodyWith(app: TestApp) {
  const person = await registerSomebody(app)
  const { id: user_id } = await app.db
    .selectFrom('users')
    .select('id')
    .where('email', '=', person.email)
    .executeTakeFirstOrThrow()
  const issue = (purpose: NewProof['purpose'], bound: NewProof['bound'], more: Partial<NewProof> = {}) =>
    inTransaction(app.db, (tx) => issueProof(tx, app, { purpose, user_id, bound, ttl: HOUR, ...more }))
  return { ...person, user_id, issue }
}

type Somebody = Awaited<ReturnType<typeof somebodyWith>>

const resetOf = async (app: TestApp, { user_id, email, issue }: Somebody) => {
  const hash = (await findHash(app.db, user_id)) ?? ''
  return issue('password-reset', { email_key: email, password: createHash('sha256').update(hash).digest('base64url') })
}

/** Everything that can be used once, by how it is made and used. */
const KINDS: Record<string, (app: TestApp) => Promise<Use>> = {
  async 'a link that proves an address'(app) {
    const { email, password, issue } = await somebodyWith(app)
    const token = await issue('email-verify', { email_key: email })
    return () => post(app, '/auth/email/verify', { token, password })
  },
  async 'a link to a new password'(app) {
    const token = await resetOf(app, await somebodyWith(app))
    return (index) => post(app, '/auth/password/reset', { token, new_password: `a phrase of its own ${index}` })
  },
  async 'several links to a new password'(app) {
    const person = await somebodyWith(app)
    const tokens = [await resetOf(app, person), await resetOf(app, person), await resetOf(app, person)]
    return (index) =>
      post(app, '/auth/password/reset', { token: tokens[index % 3], new_password: `a new phrase ${index}` })
  },
  async 'a link that signs in'(app) {
    const { email, issue } = await somebodyWith(app)
    const token = await issue('sign-in', { email_key: email })
    return () => post(app, '/auth/sign-in/link/verify', { token })
  },
  async 'several links that sign in'(app) {
    const { email, issue } = await somebodyWith(app)
    const tokens = [await issue('sign-in', { email_key: email }), await issue('sign-in', { email_key: email })]
    return (index) => post(app, '/auth/sign-in/link/verify', { token: tokens[index % 2] })
  },
  async 'a link that changes an address'(app) {
    const { email, password, issue } = await somebodyWith(app)
    const token = await issue('email-change', { email: somebody().email, from: email })
    return () => post(app, '/auth/email/change/confirm', { token, password })
  },
  async 'a link that takes a change of address back'(app) {
    const { issue } = await somebodyWith(app)
    const token = await issue('email-change-undo', { email: somebody().email })
    return () => post(app, '/auth/email/change/undo', { token })
  },
  async 'a link that ends a wait'(app) {
    const { email, issue } = await somebodyWith(app)
    const token = await issue('unlock', { email })
    return () => post(app, '/auth/unlock', { token })
  },
  async 'a link that ends a session'(app) {
    const { user_id, issue } = await somebodyWith(app)
    const { id: session_id } = await app.db
      .selectFrom('sessions')
      .select('id')
      .where('user_id', '=', user_id)
      .executeTakeFirstOrThrow()
    const bound = { session_id, user_id, device: 'unknown', likeness: 'unknown' }
    const token = await issue('session-end', bound, { user_id: null })
    return () => post(app, '/auth/session/end', { token })
  },
  async 'an invitation'(app) {
    const admin = await registerAdmin(app)
    const { email, ...account } = somebody()
    await post(app, '/invitations', { email }, admin.authorization)
    const { token } = await mailTo(app, 'invitation', email)
    return (index) =>
      post(app, '/auth/invitations/accept', { ...account, token, username: `${account.username}${index}` })
  },
  async 'a code, three times without the request token'(app) {
    const { email } = await registerSomebody(app)
    const { text = '' } = await askFor(app, '/auth/sign-in/code', email, 'sign-in-code')
    return () => post(app, '/auth/sign-in/code/verify', { email, code: /\b\d{6}\b/.exec(text)?.[0] })
  },
  async 'several codes, five times each'(app) {
    const { email } = await registerSomebody(app)
    const codes: { code: string; request_token: string }[] = []
    for (let count = 0; count < 3; count += 1) {
      const request_token = makeRequestToken()
      const holder = { address: email, request: digestOfRequest(request_token), ip: undefined }
      codes.push({ code: await inTransaction(app.db, (tx) => issueCode(tx, app, holder, HOUR)), request_token })
    }
    return (index) => post(app, '/auth/sign-in/code/verify', { email, ...codes[index % 3] })
  },
}

/** Why what was used is refused. */
const SPENT = /^(one_time_token_invalid|sign_in_code_invalid)$/

/** Of those that were refused because the database had them wait for one another too long, none: each is judged. */
async function race(t: Test, use: Use): Promise<void> {
  const answers = await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => use(index)))
  const won = answers.filter(({ statusCode }) => statusCode < 300)
  t.equal(won.length, 1, 'one of all')
  const others = answers.filter(({ statusCode }) => statusCode >= 300)
  t.strictSame(
    others.map(({ body }) => body).filter((body) => !SPENT.test(JSON.parse(body).code)),
    [],
    'and the others are refused for that',
  )
}

for (const [kind, make] of Object.entries(KINDS))
  t.test(`${kind} works for one of ${AT_ONCE} at once, and not again`, async (t) => {
    const app = await startApp(t, { ...ON, ...(kind === 'an invitation' && { REGISTRATION: 'invite' }) })
    const use = await make(app)
    await race(t, use)
    for (const index of [0, 1, 2]) t.match((await use(index)).json().code, SPENT)
  })

t.test('a registration is completed by one of many at once, by whichever of its links', async (t) => {
  const app = await startApp(t, { REGISTRATION: 'verify-first' })
  const about = `${randomUUID()}@example.org`
  const hash = await app.hasher.hash('a phrase of its own', { ip: undefined, account: 'a test' })
  const tokens: string[] = []
  for (const username of ['one', 'two', 'three']) {
    const proof: NewProof = {
      purpose: 'registration',
      user_id: null,
      about,
      bound: { email: about, username: `${username}.${process.pid}`, hash },
      ttl: HOUR,
    }
    tokens.push(await inTransaction(app.db, (tx) => issueProof(tx, app, proof)))
  }
  await race(t, (index) =>
    post(app, '/auth/email/verify', { token: tokens[index % 3], password: 'a phrase of its own' }),
  )
  t.equal((await app.db.selectFrom('users').select('id').execute()).length, 1)
})
