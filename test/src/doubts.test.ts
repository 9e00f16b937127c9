/** What a configuration makes possible and nobody means: the start of a service in production says so, and so does the doctor. */
import t from 'tap'
import { banner } from '../../src/banner.ts'
import { loadConfig } from '../../src/config.ts'
import { doubtsAbout } from '../../src/doctor/configuration.ts'

const JWT_KEY = 'fQ0m3Zr9Xb7Lk2Wv8Ty5Uc1Ne6Hd4Gs0Pa'
const SOUND = {
  NODE_ENV: 'production',
  JWT_KEY,
  PUBLIC_URL: 'https://auth.example.org',
  SMTP_URL: 'smtps://mail.example.org',
  MAIL_FROM: 'auth@example.org',
}
const doubts = (more: Record<string, string>) => doubtsAbout(loadConfig({ ...SOUND, ...more })).join('\n')

t.test('a sound configuration raises no doubt', async (t) => {
  t.equal(doubts({}), '')
  t.notMatch(banner(loadConfig(SOUND), { port: 3000, store: 'embedded' }), 'warning')
})

t.test('what is hardly meant is told, each once', async (t) => {
  for (const [more, told] of [
    [{ PUBLIC_URL: 'http://auth.example.org' }, /^PUBLIC_URL is not an https URL[^\n]*$/],
    [{ PUBLIC_URL: '' }, /^neither PUBLIC_URL nor ISSUER is set[^\n]*\nPUBLIC_URL is not an https URL[^\n]*$/],
    [{ RATE_LIMIT: 'off' }, /^RATE_LIMIT is off[^\n]*$/],
    [{ DATABASE_URL: 'postgres://u:p@db.example.org/latchkey' }, /^DATABASE_URL goes to another machine[^\n]*$/],
    [{ DATABASE_URL: 'postgres://u:p@db.example.org/latchkey?sslmode=disable' }, /^DATABASE_URL goes [^\n]*$/],
    [{ REDIS_URL: 'redis://redis.example.org' }, /^Redis is on another machine[^\n]*$/],
    [{ REDIS_URL: 'redis+cluster://127.0.0.1:7000,10.0.0.2:7000' }, /^Redis is on another machine[^\n]*$/],
  ] as const) {
    t.match(doubts(more), told)
    t.match(banner(loadConfig({ ...SOUND, ...more }), { port: 3000, store: 'embedded' }), /\n {2}warning {4}\w/)
  }
})

t.test('what stays on the machine, or is encrypted, raises none', async (t) => {
  for (const more of [
    { DATABASE_URL: 'postgres://u:p@localhost/latchkey' },
    { DATABASE_URL: 'postgres://u:p@[::1]:5433/latchkey' },
    { DATABASE_URL: 'postgres://u:p@db.example.org/latchkey?sslmode=verify-full' },
    { REDIS_URL: 'redis://:secret@127.0.0.1:6379' },
    { REDIS_URL: 'rediss://redis.example.org' },
  ])
    t.equal(doubts(more), '', JSON.stringify(more))
})

t.test('production refuses a master key that cannot be random', async (t) => {
  for (const key of ['a'.repeat(32), 'abcd'.repeat(8)])
    t.throws(() => loadConfig({ ...SOUND, JWT_KEY: key }), { message: /JWT_KEY must be random/ })
  t.doesNotThrow(() => loadConfig({ ...SOUND, JWT_KEY: '0123456789abcdef'.repeat(2) }))
})
