import t from 'tap'
import { loadConfig } from '../../../src/config.ts'
import { createCounts } from '../../../src/counts.ts'
import { readFilter } from '../../../src/passwords/filter/file.ts'
import { OWN_LISTS, openPasswordLists } from '../../../src/passwords/lists.ts'
import { judgePassword, type Refusal } from '../../../src/passwords/rules.ts'
import { isSequence, unitOf } from '../../../src/passwords/spelling.ts'

const config = loadConfig({ PUBLIC_URL: 'https://login.lighthouse.example', SERVICE_NAME: 'Harbour Shop' })
const log = { info() {}, warn() {}, error() {} }
const passwordLists = openPasswordLists({ config, counts: createCounts(), log })
const ADA = { username: 'ada.lovelace', email: 'countess@analytical-engines.co.uk', name: 'Augusta King' }
const judge = (password: string, owner = ADA) =>
  judgePassword({ config, passwordLists }, password, owner, passwordLists.isListed)

const REFUSED: Record<Exclude<Refusal, 'password_too_short'>, string[]> = {
  password_contains_name: [
    'adalovelace',
    'Ada.Lovelace',
    'lovelace1815',
    'Lovelace1815!',
    'L0v3lac3!',
    '!!lovelace!!',
    'lovelacelovelace',
    'ecalevol1',
    'LovelaceAda',
    'countess99',
    'analytical-engines',
    'AugustaKing',
    'king.augusta.2024',
    'lighthouse1',
    'harbour-shop!',
    'HarbourShop2',
    'Latchkey123',
    'ada-lighthouse',
  ],
  password_common: [
    'password',
    'PASSWORD',
    'Passw0rd',
    'p@$$w0rd',
    '123password!',
    'dragonfly1987!',
    'monkey-monkey',
    'aaaaaaaaaaaa',
    'abababababab',
    'xq7xq7xq7xq7',
    'abcdefgh',
    'hgfedcba',
    '12345678',
    'abcd1234',
    'qwertzuiop',
    '1qaz2wsx3edc',
    'ｐａｓｓｗｏｒｄ',
  ],
  password_breached: ['4815162342lost', 'ThisIsMyPassword'],
}

for (const [code, passwords] of Object.entries(REFUSED)) {
  t.test(`${code} is told of`, async (t) => {
    for (const password of passwords) t.equal(await judge(password), code, password)
  })
}

t.test('what others would not guess is taken, whatever it is composed of', async (t) => {
  const taken = [
    'correct horse battery staple',
    'a quite different phrase',
    'zebra lantern forty-seven',
    'кириллица пароль',
    'my cousin vinegar',
    'lovelace met babbage at a soirée',
    'nadamantium throne',
    'kJ8#mQ2xW9',
    '70361859244',
    '🦊🦊🦒🌵🦊🌊🪁🧭',
  ]
  for (const password of taken) t.equal(await judge(password), undefined, password)
})

t.test('a short name does not spoil the words that it is part of', async (t) => {
  const ann = { username: 'ann', email: 'ann@example.org', name: '' }
  t.equal(await judge('cannery row 5', ann), undefined)
  t.equal(await judge('annzqt81', ann), undefined)
  t.equal(await judge('ann ann ann', ann), 'password_contains_name')
})

t.test('whoever has no name is judged without', async (t) => {
  const nobody = { username: null, email: undefined, name: null } as never
  t.equal(await judge('adalovelacequx', nobody), undefined)
})

t.test('the lists that come with the release hold what they should', async (t) => {
  const breached = await readFilter(OWN_LISTS.breached)
  t.ok(breached.entries >= 1_000_000, `${breached.entries} breached passwords`)
  t.ok(breached.slots.byteLength <= 2_500_000)
  for (const password of ['123456', 'trustno1', 'Iloveyou2', 'letmein1']) t.ok(await passwordLists.isListed(password))
  t.ok(await passwordLists.isCommon('dragon'))
  t.notOk(await passwordLists.isCommon('soiree'))
})

t.test('repetitions and sequences are seen', async (t) => {
  t.equal(unitOf('abcabcab'), 'abc')
  t.equal(unitOf('abcd'), 'abcd')
  for (const text of ['abc', 'qwerty', 'zyx987', '111', 'aaabbb']) t.ok(isSequence(text), text)
  for (const text of ['', 'a', 'ab', 'abx', 'lovelace', 'abcq']) t.notOk(isSequence(text), text)
})
