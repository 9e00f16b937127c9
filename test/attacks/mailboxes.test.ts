/** One identifier, two mailboxes: straße and strasse are one name here, and two domains (RFC 5891). What proves one proves no other. */
import { sql } from 'kysely'
import t from 'tap'
import {
  bearer,
  getMe,
  login,
  onEachStore,
  onPostgres,
  type Person,
  post,
  registerSomebody,
  somebody,
  startApp,
  type TestApp,
} from '../support/app.ts'
import { countMails, registerProved } from '../support/by-mail.ts'
import { mailsOf, mailTo } from '../support/mail.ts'
import { eventually } from '../support/wait.ts'

const WRONG = { status: 401, code: 'sign_in_code_invalid' }

/** An address of the attacker, and one of somebody else that is the same identifier. */
function twoMailboxes() {
  const { username } = somebody()
  return { own: `${username}@straße.example`, foreign: `${username}@strasse.example` }
}

/** The message of a template that went to the attacker's domain; mail writes it in ASCII. */
async function readOwn(app: TestApp, template: string) {
  await countMails(app)
  const mail = (await mailsOf(app, template)).find(({ recipient }) => recipient.endsWith('@xn--strae-oqa.example'))
  if (!mail) throw new Error('the attacker was sent nothing')
  return mail
}

/** Has a code sent to the attacker's mailbox. */
async function codeOf(app: TestApp, email: string) {
  const { request_token } = (await post(app, '/auth/sign-in/code', { email })).json<{ request_token: string }>()
  const { text = '' } = await readOwn(app, 'sign-in-code')
  return { request_token, code: /\b\d{6}\b/.exec(text)?.[0] ?? '' }
}

const changeTo = (app: TestApp, { access_token }: Person, email: string) =>
  app.inject({ method: 'PUT', url: '/api/v1/users/me', payload: { email }, headers: bearer(access_token) })

t.test('a link completes no registration of another mailbox', (t) =>
  onEachStore(t, async (t, environment) => {
    const app = await startApp(t, { ...environment, REGISTRATION: 'verify-first' })
    const { own, foreign } = twoMailboxes()
    const [first, second] = [somebody({ email: own }), somebody({ email: foreign })]
    await post(app, '/auth/register', first)
    const { request_token } = (await post(app, '/auth/register', second)).json<{ request_token: string }>()
    const { token } = await readOwn(app, 'email-verify')
    const verified = await post(app, '/auth/email/verify', { token, request_token })
    t.match(verified.json(), { status: 403, code: 'requester_unproved' })
    t.equal((await post(app, '/auth/email/verify', { token, password: first.password })).statusCode, 204)
    const me = (await getMe(app, (await login(app, own, first.password)).access_token)).json()
    t.match(me, { email: own, email_verified: true })
  }),
)

t.test('a code proves no address that the account was given since', async (t) => {
  const app = await startApp(t, { EMAIL_CHANGE: 'at-once', SIGN_IN_CODE: 'on' })
  const { own, foreign } = twoMailboxes()
  const attacker = await registerSomebody(app, { email: own })
  const sent = await codeOf(app, own)
  t.equal((await changeTo(app, attacker, foreign)).statusCode, 200)
  for (const email of [foreign, own])
    t.match((await post(app, '/auth/sign-in/code/verify', { email, ...sent })).json(), WRONG)
  t.match((await getMe(app, attacker.access_token)).json(), { email: foreign, email_verified: false })
})

t.test('a code of who claimed an address lets nobody into the account of who proved it', async (t) => {
  const app = await startApp(t, { SIGN_IN_CODE: 'on' })
  const { own, foreign } = twoMailboxes()
  await registerSomebody(app, { email: own })
  const sent = await codeOf(app, own)
  // the owner comes by another name, and confirms the address
  const owner = await registerSomebody(app)
  await changeTo(app, owner, foreign)
  await countMails(app)
  const [confirmation] = await mailsOf(app, 'email-change-confirm')
  const { token } = confirmation ?? {}
  t.equal((await post(app, '/auth/email/change/confirm', { token }, bearer(owner.access_token))).statusCode, 204)
  t.match((await getMe(app, owner.access_token)).json(), { email: foreign, email_verified: true })
  t.match((await post(app, '/auth/sign-in/code/verify', { email: foreign, ...sent })).json(), WRONG)
})

/** Waits until somebody waits for a row that another transaction holds. */
const somebodyWaits = ({ db }: TestApp) =>
  eventually(async () => {
    const { rows } = await sql`select 1 from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`.execute(db)
    return rows.length > 0
  })

// SQLite has one writer at a time
if (onPostgres())
  t.test('a link that is made while the account is given another address goes to that one', async (t) => {
    const app = await startApp(t, { SIGN_IN_LINK: 'on' })
    const { own, foreign } = twoMailboxes()
    await registerSomebody(app, { email: own })
    await post(app, '/auth/sign-in/link', { email: own })
    let granted = Promise.resolve()
    await app.db.transaction().execute(async (tx) => {
      await tx.selectFrom('users').select('id').where('email', '=', own).forUpdate().execute()
      granted = app.mailRequests.settle()
      await somebodyWaits(app)
      await tx.updateTable('users').set({ email: foreign }).where('email', '=', own).execute()
    })
    await granted
    await countMails(app)
    const links = await mailsOf(app, 'sign-in-link')
    t.strictSame(
      links.map(({ recipient }) => recipient),
      [foreign],
    )
  })

/** The same within one domain: whoever reads one of them need not read the other. */
function twoPeople() {
  const { username } = somebody()
  return { odd: `straße.${username}@example.org`, canonical: `strasse.${username}@example.org` }
}

/** Wants an address and confirms it. */
async function move(app: TestApp, person: Person, email: string) {
  await changeTo(app, person, email)
  const { token } = await mailTo(app, 'email-change-confirm', email)
  return post(app, '/auth/email/change/confirm', { token }, bearer(person.access_token))
}

t.test('who proves one of two mailboxes takes no claim on the other', async (t) => {
  const app = await startApp(t)
  const { odd, canonical } = twoPeople()
  const claimant = await registerSomebody(app, { email: canonical })
  const other = await registerProved(app)
  t.match((await move(app, other, odd)).json(), { status: 409, code: 'email_taken' })
  t.match((await getMe(app, other.access_token)).json(), { email: other.email, email_verified: true })
  const { token } = await mailTo(app, 'email-verify', canonical)
  t.equal((await post(app, '/auth/email/verify', { token, password: claimant.password })).statusCode, 204)
  t.match((await getMe(app, claimant.access_token)).json(), { email: canonical, email_verified: true })
})

t.test('a spelling that somebody thought up keeps nobody from their address', async (t) => {
  const app = await startApp(t)
  const { odd, canonical } = twoPeople()
  const claimant = await registerSomebody(app, { email: odd })
  const owner = await registerProved(app)
  t.equal((await move(app, owner, canonical)).statusCode, 204)
  t.match((await getMe(app, owner.access_token)).json(), { email: canonical, email_verified: true })
  t.notOk('email' in (await getMe(app, claimant.access_token)).json())
})

t.test('and no claim keeps who had an address from taking it back', async (t) => {
  const app = await startApp(t)
  const { odd, canonical } = twoPeople()
  const owner = await registerProved(app, { email: odd })
  t.equal((await move(app, owner, somebody().email)).statusCode, 204)
  await registerSomebody(app, { email: canonical })
  const { token } = await mailTo(app, 'email-changed', odd)
  t.equal((await post(app, '/auth/email/change/undo', { token })).statusCode, 204)
})
