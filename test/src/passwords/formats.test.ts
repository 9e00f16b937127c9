/** Passwords as other systems store them, against hashes that those systems' own tools made (test/vectors/make.sh). */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import t from 'tap'
import { openCryptThread } from '../../../src/passwords/formats/crypt/thread.ts'
import {
  composeFirebase,
  composeFlaskDemo,
  composeKeycloak,
  composeSaltedSha,
  type FirebasePassword,
  FORMATS,
  findFormat,
  judgeHash,
} from '../../../src/passwords/formats/index.ts'
import { MALFORMED, MONSTROUS } from './malformed.ts'

interface Vector {
  format: string
  tool: string
  password: string
  hash: string
}

/** What a system exports of one password, as it exports it. */
interface Parts {
  system: string
  password: string
  blob?: string
  secretData?: string
  credentialData?: string
  export?: FirebasePassword
  salt?: string
  digest?: string
}

const file = readFileSync(new URL('../../vectors/hashes.json', import.meta.url), 'utf8')
const { vectors, composed }: { vectors: Vector[]; composed: Parts[] } = JSON.parse(file)

const { crypt, close } = openCryptThread()
t.teardown(close)

const verify = async (hash: string, password: string) => findFormat(hash)?.verify(hash, password, crypt)

for (const format of FORMATS) {
  const own = vectors.filter((vector) => vector.format === format.name)

  t.test(`${format.name}: what foreign tools made is understood`, async (t) => {
    t.ok(own.length >= 3, 'there are three vectors at least')
    for (const { tool, password, hash } of own) {
      t.strictSame(
        FORMATS.filter(({ matches }) => matches(hash)).map(({ name }) => name),
        [format.name],
        `one format only: ${hash}`,
      )
      t.equal(await verify(hash, password), true, `${tool}: ${hash}`)
    }
  })

  t.test(`${format.name}: another password does not fit`, async (t) => {
    for (const { password, hash } of own) {
      // within the 72 bytes that bcrypt looks at
      const others = [
        `${password.slice(0, 20)}!`,
        `!${password}`,
        `\0${password}`,
        password.slice(0, Math.min(19, password.length - 1)),
      ]
      for (const other of others) t.equal(await verify(hash, other), false, `${JSON.stringify(other)} for ${hash}`)
    }
  })

  t.test(`${format.name}: what is malformed is refused and never thrown at`, async (t) => {
    const malformed = MALFORMED[format.name] ?? []
    t.ok(malformed.length >= 10, 'there are ten at least')
    for (const hash of malformed) {
      t.equal(format.matches(hash), false, hash)
      t.equal(judgeHash(hash), undefined, hash)
      t.equal(await format.verify(hash, 'correct horse battery staple', crypt), false, hash)
    }
  })

  t.test(`${format.name}: a hash that was damaged anywhere fits no password`, async () => {
    const { hash, password } = own.findLast((vector) => isCheap(vector.hash)) ?? { hash: '', password: '' }
    const damage = fc.tuple(
      fc.nat({ max: hash.length - 1 }),
      fc.constantFrom('', '$', '=', ',', '0', '9', 'A', '.', '+', '\n', '\0', 'é', '$$', '{', ' '),
    )
    await fc.assert(
      fc.asyncProperty(damage, async ([at, by]) => {
        const damaged = hash.slice(0, at) + by + hash.slice(at + 1)
        fc.pre(damaged !== hash && isCheap(damaged))
        // the letters of bcrypt's salt and of case-blind scheme names may spell the same thing
        const fits = await format.verify(damaged, password, crypt)
        return !fits || isSynonym(format.name, damaged, hash)
      }),
      { numRuns: 60 },
    )
  })
}

/** Whether checking it is quick enough to do it many times: a damaged number may have become a large one. */
function isCheap(hash: string): boolean {
  const numbers = hash.match(/(?<=[$:=])\d+(?=[$:,])/g) ?? []
  return !numbers.some((number) => Number(number) > 50_000)
}

function isSynonym(name: string, one: string, other: string): boolean {
  return name === 'bcrypt' && one.slice(-31) === other.slice(-31)
}

t.test('what would cost too much to check is refused like what is malformed', async (t) => {
  for (const [hash, cheaper] of MONSTROUS) {
    t.equal(judgeHash(hash), undefined, hash)
    t.ok(judgeHash(cheaper), `${cheaper} is in bounds`)
    const start = performance.now()
    for (const format of FORMATS) t.equal(await format.verify(hash, 'a password', crypt), false, hash)
    t.ok(performance.now() - start < 100, 'and nothing was computed')
  }
})

t.test('any text whatever is judged without throwing, in no time', async (t) => {
  const hashes = vectors.map(({ hash }) => hash)
  const pieces = fc.constantFrom(...hashes.flatMap((hash) => hash.split(/(?=[$:{},=])/)))
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(pieces, { maxLength: 9 }).map((some) => some.join('')),
  )
  fc.assert(
    fc.property(texts, (text) => {
      judgeHash(text)
    }),
    { numRuns: 3000 },
  )
  const start = performance.now()
  for (const { name } of FORMATS) {
    const head = hashes[vectors.findIndex(({ format }) => format === name)]?.slice(0, 20) ?? ''
    for (const letter of ['$', 'a', '=', '0', '{', ',', ':']) {
      for (const length of [900, 1_000_000]) judgeHash(head + letter.repeat(length))
    }
  }
  t.ok(performance.now() - start < 1000, 'nor does a long one take long')
})

t.test('what systems export in parts is composed to what is understood', async (t) => {
  const bytes = (text = '') => Buffer.from(text, 'base64')
  const compose: Record<string, (parts: Parts) => string | undefined> = {
    'flask-demo': ({ blob }) => composeFlaskDemo(bytes(blob)),
    keycloak: ({ secretData = '', credentialData = '' }) => composeKeycloak(secretData, credentialData),
    firebase: (parts) => parts.export && composeFirebase(parts.export),
    'salted-sha': ({ salt, digest }) => composeSaltedSha('sha256', 'salt-password', bytes(salt), bytes(digest)),
  }
  for (const parts of composed) {
    const { system, password } = parts
    const hash = compose[system]?.(parts) ?? ''
    t.equal(await verify(hash, password), true, `${system}: ${hash}`)
    t.equal(await verify(hash, `${password}!`), false, `${system}: ${hash}`)
  }
  t.equal(new Set(composed.map(({ system }) => system)).size, 4)
})

t.test('parts that are not what they should be compose to nothing', (t) => {
  t.equal(composeFlaskDemo(Buffer.alloc(63)), undefined)
  t.equal(composeFlaskDemo(Buffer.alloc(65)), undefined)
  const secret = JSON.stringify({ value: 'c2FsdA==', salt: 'c2FsdA==' })
  const credential = JSON.stringify({ hashIterations: 1000, algorithm: 'pbkdf2-sha256' })
  for (const broken of ['', '{', 'null', '[]', '7', '{}', '{"value":1,"salt":2}', '{"value":"eA==","salt":null}'])
    t.equal(composeKeycloak(broken, credential), undefined, broken)
  for (const algorithm of ['', 'md5', 'toString', '__proto__', 'argon2', 'bcrypt'])
    t.equal(composeKeycloak(secret, JSON.stringify({ hashIterations: 1, algorithm })), undefined, algorithm)
  for (const broken of ['{', 'null', '{}', '{"algorithm":"pbkdf2"}', '{"algorithm":"pbkdf2","hashIterations":"1"}'])
    t.equal(composeKeycloak(secret, broken), undefined, broken)
  t.end()
})

t.test('weak is what can be tried far faster than argon2id', (t) => {
  const weak = (name: string) => {
    const own = vectors.filter(({ format }) => format === name)
    return new Set(own.map(({ hash }) => judgeHash(hash)?.weak))
  }
  for (const name of ['md5-crypt', 'ldap-sha', 'salted-sha']) t.strictSame(weak(name), new Set([true]), name)
  const salt = 'AAAAAAAAAAAAAAAAAAAAAA'
  const digest = 'A'.repeat(43)
  const pairs = [
    [`$pbkdf2-sha256$9999$${salt}$${digest}`, `$pbkdf2-sha256$10000$${salt}$${digest}`],
    [`$2b$07$${'a'.repeat(53)}`, `$2b$08$${'a'.repeat(53)}`],
    [`$5$rounds=4999$salt$${'a'.repeat(43)}`, `$5$salt$${'a'.repeat(43)}`],
    [`$scrypt$ln=13,r=8,p=1$${salt}$${digest}`, `$scrypt$ln=14,r=8,p=1$${salt}$${digest}`],
    [`$argon2id$v=19$m=7167,t=1,p=1$${salt}$${digest}`, `$argon2id$v=19$m=7168,t=1,p=1$${salt}$${digest}`],
  ] as const
  for (const [one, other] of pairs) {
    t.equal(judgeHash(one)?.weak, true, one)
    t.equal(judgeHash(other)?.weak, false, other)
  }
  t.end()
})

t.test('a password that differs only after a NUL, or by one, is another password', async (t) => {
  const cheap = vectors.filter(({ hash, password }) => password.length <= 60 && isCheap(hash))
  t.ok(cheap.length > 30, `${cheap.length} vectors`)
  for (const { hash, password } of cheap) {
    t.equal(await verify(hash, `${password}\0`), false, hash)
    t.equal(await verify(hash, `${password}\0${password}`), false, hash)
  }
})

t.test('the thread for crypt(3) ends with the service and starts anew when it is needed', async (t) => {
  const thread = openCryptThread()
  const input = { scheme: '6' as const, salt: 'salt', rounds: 4_000_000, password: Buffer.from('x') }
  await t.resolves(thread.close(), 'one that was never needed never started')
  const cut = t.rejects(thread.crypt(input), /has ended/)
  await thread.close()
  await cut
  t.match(await thread.crypt({ ...input, rounds: 1000 }), /^[./0-9A-Za-z]{86}$/)
  await thread.close()
})
