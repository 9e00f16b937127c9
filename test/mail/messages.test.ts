import t from 'tap'
import { chooseLanguage, languages, loadLanguage } from '../../src/mail/languages.ts'
import { type MessageData, TEMPLATES, type Template } from '../../src/mail/messages.ts'
import { renderMessage } from '../../src/mail/render.ts'
import { startApp } from '../support/app.ts'
import { enqueue, mailTo } from '../support/mail.ts'

const AT = Date.UTC(2026, 0, 31, 8, 15)
const LINK = 'https://app.example.org/page?token=abc'
const LINKED = { name: 'Ada', link: LINK, expires_at: AT }
const AGENT = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'

/** Each message with everything that it can be told. */
const SAMPLES: MessageData = {
  'email-change-confirm': LINKED,
  'email-changed': { ...LINKED, at: AT, new_email: 'new@example.org' },
  'email-released': { name: 'Ada', at: AT, email: 'other@example.org' },
  'email-verify': LINKED,
  invitation: LINKED,
  locked: { ...LINKED, at: AT },
  'new-device': { ...LINKED, at: AT, ip: '192.0.2.7', user_agent: AGENT },
  'password-changed': { name: 'Ada', at: AT, ip: '192.0.2.7', user_agent: AGENT },
  'password-reset': LINKED,
  'registration-attempt': { name: 'Ada', at: AT },
  'security-digest': {
    name: 'Ada',
    gathered: [
      { kind: 'new-device', count: 41, first: AT - 60_000, last: { at: AT, ip: '192.0.2.7', user_agent: AGENT } },
      { kind: 'email-changed', count: 1, first: AT, last: { at: AT } },
    ],
    undo: { link: LINK, expires_at: AT },
  },
  'sign-in-code': { name: 'Ada', code: '012345', expires_at: AT },
  'sign-in-link': LINKED,
}

const HOSTILE = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  '\r\nBcc: x@y.example\r\n\r\n<p>Hello',
  '\u202egnp.exe\u2066\u200f\u2028new line\u0085next\u0000nought',
  '<%= it.secret %> {{constructor}}',
  'x'.repeat(128),
]

const config = { service_name: 'The Shop', default_locale: 'en' } as Parameters<typeof renderMessage>[0]['config']

const render = <T extends Template>(template: T, language: string, data: MessageData[T] = SAMPLES[template]) =>
  renderMessage({ config }, template, data, language)

/** The data with one string in the place of every other. */
function withEvery<T extends Template>(template: T, value: string): MessageData[T] {
  const members = Object.entries(SAMPLES[template]).map(([name, each]) => [
    name,
    typeof each === 'string' ? value : each,
  ])
  return Object.fromEntries(members) as MessageData[T]
}

const tagsOf = (html: string) => html.match(/<[a-z!/][^>]*>/gi)?.map((tag) => tag.replaceAll(/href="[^"]*"/g, 'href'))

t.test('every language has every message, and nothing more', async (t) => {
  t.ok(languages().includes('en') && languages().includes('de'))
  for (const each of languages()) {
    t.equal(Intl.getCanonicalLocales(each)[0], each, 'a folder is named by a language tag')
    const language = await loadLanguage(each)
    t.strictSame(Object.keys(language.messages).sort(), [...TEMPLATES], each)
    t.match(language.greeting(undefined), /^[^\n]+$/)
    t.match(language.greeting('Ada'), 'Ada')
    t.match(language.footer('The Shop'), 'The Shop')
  }
  t.strictSame(Object.keys(SAMPLES).sort(), [...TEMPLATES])
})

for (const language of languages()) {
  t.test(`${language}: every message says what it is told, in both forms`, async (t) => {
    for (const template of TEMPLATES) {
      const { subject, text, html } = await render(template, language)
      const told: Record<string, unknown> = { ...SAMPLES[template] }
      for (const form of [text, html]) {
        t.notMatch(form, /undefined|null|NaN|\[object|Invalid|<%|%>/, template)
        for (const member of ['link', 'code', 'new_email', 'ip']) {
          if (told[member]) t.match(form, told[member], `${template}: ${member}`)
        }
        if ('user_agent' in told) t.match(form, 'Firefox, Linux')
        t.match(form, /2026.*UTC/, `${template}: a time, with its zone`)
      }
      t.match(html, `<html lang="${language}">`)
      t.match(subject, /^[^\n]{10,70}$/)
      t.match(text, /^[^\n]+ Ada,\n\n/, `${template}: greets`)
      t.notMatch(text, /\n{3,}/)
      const required = Object.fromEntries(
        Object.entries(told).filter(([name]) => !['name', 'ip', 'user_agent'].includes(name)),
      ) as unknown as MessageData[typeof template]
      const least = await render(template, language, required)
      t.notMatch(least.text + least.html, /undefined|null|NaN/, `${template}: with the least`)
    }
  })

  t.test(`${language}: nothing that somebody typed becomes markup, another line or another header`, async (t) => {
    for (const template of TEMPLATES) {
      const harmless = await render(template, language, withEvery(template, 'harmless'))
      for (const [index, value] of HOSTILE.entries()) {
        const { subject, text, html } = await render(template, language, withEvery(template, value))
        t.strictSame(tagsOf(html), tagsOf(harmless.html), `${template}, value ${index}`)
        t.equal(text.split(/[\n\r\p{Zl}\p{Zp}]/u).length, harmless.text.split('\n').length, template)
        t.notMatch((subject + text + html).replaceAll('\n', ''), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
        t.equal(subject, harmless.subject)
      }
    }
  })
}

t.test('the message about a wait, and the digest, say that codes were tried as well as passwords', async (t) => {
  const gathered = [{ kind: 'locked', count: 2, first: AT, last: { at: AT } }] as const
  for (const [language, words] of [
    ['en', [/wrong passwords or codes/, /guessing your password or the codes/]],
    ['de', [/falsches Passwort oder ein falscher Code/, /Ihr Passwort oder die Codes zu erraten/]],
  ] as const) {
    const { text } = await render('locked', language)
    for (const each of words) t.match(text.replaceAll(/\s+/g, ' '), each)
    const digest = await render('security-digest', language, { gathered })
    t.match(digest.text.replaceAll(/\s+/g, ' '), /wrong passwords or codes|falschen Passwörtern oder Codes/)
  }
})

t.test('a message with hostile names arrives with the headers of any other', async (t) => {
  const app = await startApp(t, { SERVICE_NAME: 'Shop\r\nBcc: x@y.example' })
  const headersOf = async (name: string, to: string) => {
    const data = { name, link: LINK, expires_at: app.now() + 1000 }
    await enqueue(app, { template: 'invitation', to, data })
    const { headers, to: receivers } = await mailTo(app, 'invitation', to)
    t.strictSame(receivers, [{ name: '', address: to }])
    return headers.map(({ key }) => key).sort()
  }
  const usual = await headersOf('Ada', 'ada@example.org')
  t.notOk(usual.includes('bcc'))
  t.strictSame(await headersOf('\r\nBcc: x@y.example\r\n', 'bob@example.org'), usual)
  t.strictSame(await headersOf('Ada', 'o\'brien+"shop"@example.org'.replaceAll('"', '')), usual)
})

t.test('a name that reads like a link or a text of its own is not said', async (t) => {
  const greeted = async (name: string) =>
    (await render('email-verify', 'en', { ...LINKED, name })).text.split('\n', 1)[0]
  t.equal(await greeted('Ada Lovelace'), 'Hello Ada Lovelace,')
  t.equal(await greeted('Dr. Ada King'), 'Hello Dr. Ada King,')
  t.equal(await greeted('Ægir Þórsson‑Jónsdóttir'), 'Hello Ægir Þórsson‑Jónsdóttir,')
  for (const name of ['evil.example', 'http://evil', 'call me@evil', 'x'.repeat(65), ' \u200b ', '<b>Ada</b>'])
    t.equal(await greeted(name), 'Hello,', name)
})

t.test('the language is the nearest that there is, and times are written as the reader’s country does', async (t) => {
  t.equal(chooseLanguage('de-AT', 'en'), 'de')
  t.equal(chooseLanguage('DE', 'en'), 'de')
  t.equal(chooseLanguage('tlh', 'de'), 'de')
  t.equal(chooseLanguage(null, 'de-CH'), 'de')
  t.equal(chooseLanguage(null, 'tlh'), 'en')
  t.equal(chooseLanguage('den'), 'en', 'Slave is not German')
  const timeIn = async (locale: string) =>
    /until ([^.]+ UTC)|bis (.+ UTC)/.exec((await render('email-verify', locale)).text)
  t.match((await timeIn('de-AT'))?.[2], '31. Jänner 2026 um 08:15 UTC')
  t.match((await timeIn('de'))?.[2], '31. Januar 2026 um 08:15 UTC')
  t.match((await timeIn('en-GB'))?.[1], '31 January 2026 at 08:15 UTC')
  t.match((await timeIn('tlh'))?.[1], 'January 31, 2026 at 8:15')
})
