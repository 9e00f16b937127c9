/** What is accepted as an address is the address that mail goes to: in the envelope and in the header, letter by letter. */
import { domainToASCII } from 'node:url'
import t from 'tap'
import { isEmail } from '../../src/accounts/identifiers.ts'
import { loadConfig } from '../../src/config.ts'
import { createSmtpCarrier } from '../../src/mail/carrier.ts'
import { post, somebody, startApp } from '../support/app.ts'
import { startSmtp } from '../support/smtp.ts'

/** Everything that may stand in a local part somewhere, and what looks like it. */
const PIECES = [
  ...'!#$%&\'*+-/=?^_`{|}~.,:;<>()[]\\"@ \t',
  ...'äßéﬁａ名ı',
  ...['\u00a0', '\u00ad', '\u0301', '\u1680', '\u2000', '\u2028', '\u2029', '\u202e', '\u3000', '\ufeff', '\u0085'],
  ...['"a b"', '(a)', '=?utf-8?q?b?=', 'xn--b', '..', '\ud800', '\u{1f600}'],
]
const LOCALS = ['ada', ...PIECES.flatMap((piece) => [`a${piece}b`, `${piece}b`, `a${piece}`, piece])]

const DOMAINS = [
  ...['example.org', 'EXAMPLE.org', 'bücher.example', 'xn--bcher-kva.example', 'straße.example', '例え.テスト'],
  ...[
    'ｅxample.org',
    'example。org',
    'ex\u2028ample.org',
    '\u212a.example',
    'ﬀ.example',
    'ǅ.example',
    'exam\u0301ple.org',
  ],
  ...['ab--c.example.org', 'xn--zzzz--.org', 'İ.example', 'ς.example', 'a_b.example.org', '-a.org', 'example.org.'],
  ...['[192.0.2.1]', '192.0.2.1', 'example', 'exa mple.org', 'example.org(a)', '"example".org', 'a\u00ad.example'],
]

const CORPUS = [...LOCALS.map((local) => `${local}@example.org`), ...DOMAINS.map((domain) => `ada@${domain}`)]
const MORE = DOMAINS.map((domain) => `ä@${domain}`)

/** The same mailbox in the same words; domains are compared as the network knows them. */
function canonical(address: string): string {
  const at = address.lastIndexOf('@')
  return `${address.slice(0, at)}@${domainToASCII(address.slice(at + 1))}`
}

t.test('for every form that is accepted, envelope and header have the address that was typed', async (t) => {
  const smtp = await startSmtp(t)
  const carrier = await createSmtpCarrier(loadConfig({ ...smtp.environment, NODE_ENV: 'test' }))
  t.teardown(() => carrier.close())
  const accepted = [...CORPUS, ...MORE].filter(isEmail)
  t.ok(accepted.length > 60, `${accepted.length} of ${CORPUS.length + MORE.length}`)
  for (const to of accepted) {
    const message = { to, subject: 'x', text: 'x', html: 'x', messageId: '<x@example.org>', file: 'x' }
    await carrier.send(message, AbortSignal.timeout(10_000))
    t.equal(canonical(smtp.recipients.at(-1) ?? ''), canonical(to), `envelope of ${encodeURI(to)}`)
    const { to: readers = [] } = smtp.mails.at(-1) ?? {}
    t.equal(readers.length, 1)
    t.equal(canonical(readers[0]?.address ?? ''), canonical(to), `header of ${encodeURI(to)}`)
  }
})

t.test('what would be sent to in another form is refused, in every call that takes an address', async (t) => {
  const app = await startApp(t)
  const refused = [
    '"a b"@example.org',
    '"ada"@example.org',
    'a\u2028b@example.org',
    'ada@exa\u2028mple.org',
    'a\u00a0b@x.org',
  ]
  for (const email of [...refused, 'a(b)@example.org', 'ada@ﬀ.example', 'ada@ⓔxample.org', 'a\u3000b@example.org'])
    for (const [url, body] of [
      ['/auth/register', { ...somebody(), email }],
      ['/auth/password/forgot', { email }],
      ['/auth/email/verification/request', { email }],
    ] as const) {
      const { statusCode, body: answered } = await post(app, url, body)
      t.equal(statusCode, 400, `${url}: ${encodeURI(email)}`)
      t.match(answered, 'must be an e-mail address')
    }
})
