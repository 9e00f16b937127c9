/** Access tokens, the keys that sign them, and what is sealed. */
import type { Mutant } from './mutant.ts'

const KEYS = ['test/src/keys.test.ts']
const UNSEEN = ['test/attacks/unseen.test.ts']
const MAP = ['test/src/bounded-map.test.ts']
const DEMO = ['test/routes/compat/flask-jwt-demo.test.ts']
const ROTATION = ['test/src/rotation.test.ts']
const KEYCHANGE = ['test/security/key-change.test.ts']
const STEPUP = ['test/routes/step-up.test.ts']
const SINGLE = ['test/attacks/single-use.test.ts']
const CLI = ['test/cli.test.ts']
const TTL = ['test/routes/refresh.test.ts', 'test/attacks/tokens.test.ts', 'test/attacks/unseen.test.ts']
const WITHDRAWN = ['test/attacks/withdrawn.test.ts', 'test/src/keys.test.ts']
const BELIEVED = ['test/src/rotation.test.ts', 'test/src/keys.test.ts', 'test/attacks/tokens.test.ts']
const EVENTS = ['test/audit/events.test.ts']
const SERVER = ['test/server.test.ts']
const OF_TOKENS = ['test/attacks/tokens.test.ts']

export const TOKENS: readonly Mutant[] = [
  {
    mistake: 'a token that was verified before is good after its time',
    file: 'src/tokens/access-token.ts',
    from: 'known?.token === token && now() < known.exp * 1000 + config.clock_tolerance',
    to: 'known?.token === token',
    tests: OF_TOKENS,
  },
  {
    mistake: 'a token that ends like one that was verified is that one',
    file: 'src/tokens/access-token.ts',
    from: 'if (known?.token === token && now()',
    to: 'if (known !== undefined && now()',
    tests: OF_TOKENS,
  },
  {
    mistake: 'an access token outlives its session',
    file: 'src/tokens/access-token.ts',
    from: 'Math.floor(Math.min(now + config.access_token_ttl, expires_at) / 1000)',
    to: 'Math.floor((now + config.access_token_ttl) / 1000)',
    tests: TTL,
  },
  {
    mistake: 'keys that are withdrawn leave what was verified by them',
    file: 'src/tokens/access-token.ts',
    from: 'keys.onChange(() => cache.clear())\n',
    to: '',
    tests: [...OF_TOKENS, ...WITHDRAWN],
  },
  {
    mistake: 'a refresh counts as a proof',
    file: 'src/tokens/access-token.ts',
    from: 'auth_time: Math.floor(session.authenticated_at / 1000),',
    to: 'auth_time: iat,',
    tests: STEPUP,
  },
  {
    mistake: 'a token without a session is sound',
    file: 'src/tokens/access-token.ts',
    from: "typeof sub === 'string' && typeof sid === 'string'",
    to: "typeof sub === 'string'",
    tests: OF_TOKENS,
  },
  {
    mistake: 'a map holds twice what it may',
    file: 'src/tokens/bounded-map.ts',
    from: 'Math.ceil(limit / 2)',
    to: 'limit',
    tests: MAP,
  },
  {
    mistake: 'what is asked for is forgotten all the same',
    file: 'src/tokens/bounded-map.ts',
    from: 'if (older !== undefined) this.set(key, older)\n',
    to: '',
    tests: MAP,
  },
  {
    mistake: 'what is deleted comes back',
    file: 'src/tokens/bounded-map.ts',
    from: 'this.#young.delete(key)\n    this.#old.delete(key)',
    to: 'this.#young.delete(key)',
    tests: MAP,
  },
  {
    mistake: 'a token is good in any spelling of its signature',
    file: 'src/tokens/jwt.ts',
    from: "if (signature !== Buffer.from(signature, 'base64url').toString('base64url'))\n    throw new Failure('token_invalid', { reason })\n",
    to: '',
    tests: OF_TOKENS,
  },
  {
    mistake: 'a token of one kind passes for another',
    file: 'src/tokens/jwt.ts',
    from: 'checkTyp: typ,\n',
    to: '',
    tests: [...OF_TOKENS, ...DEMO],
  },
  {
    mistake: 'a token for another audience is taken',
    file: 'src/tokens/jwt.ts',
    from: 'allowedAud: audience,\n',
    to: '',
    tests: OF_TOKENS,
  },
  {
    mistake: 'a token of another issuer is taken',
    file: 'src/tokens/jwt.ts',
    from: 'allowedIss: issuer,\n',
    to: '',
    tests: OF_TOKENS,
  },
  {
    mistake: 'a token is good a second too long',
    file: 'src/tokens/jwt.ts',
    from: 'if (now() >= exp * 1000 + tolerance)',
    to: 'if (now() > exp * 1000 + tolerance)',
    tests: OF_TOKENS,
  },
  {
    mistake: 'a token is good before its time',
    file: 'src/tokens/jwt.ts',
    from: "if (nbf !== undefined && now() < nbf * 1000 - tolerance)\n    throw new Failure('token_invalid', { detail: 'It is not valid yet.' })\n",
    to: '',
    tests: OF_TOKENS,
  },
  {
    mistake: 'claims that are no times are taken',
    file: 'src/tokens/jwt.ts',
    from: "if (![exp, iat, nbf ?? 0].every(Number.isFinite)) throw new Failure('token_invalid')\n",
    to: '',
    tests: OF_TOKENS,
  },
  {
    mistake: 'a token of a key that is out of use is believed',
    file: 'src/tokens/jwt.ts',
    from: "if (!deps.keys.isBelieved(key)) throw new Failure('token_invalid', { detail: FOREIGN, reason })\n",
    to: '',
    tests: BELIEVED,
  },
  {
    mistake: 'withdrawing keys tells no other node',
    file: 'src/tokens/key-ring.ts',
    from: "await ephemeral.publish(tx, CHANNEL, 'revoked')\n",
    to: '',
    tests: UNSEEN,
  },
  {
    mistake: 'keys that were withdrawn are believed',
    file: 'src/tokens/key-ring.ts',
    from: 'const fresh = all\n      .filter(({ revoked_at }) => revoked_at === null)',
    to: 'const fresh = all\n      .filter(({ revoked_at }) => revoked_at !== 0)',
    tests: KEYS,
  },
  {
    mistake: 'withdrawing keys withdraws the one that signs',
    file: 'src/tokens/key-ring.ts',
    from: ".where('kid', '<>', current().kid)\n",
    to: '',
    tests: KEYS,
  },
  {
    mistake: 'the withdrawal of keys leaves no event',
    file: 'src/tokens/key-ring.ts',
    from: "await recordEvent(tx, deps, { action: 'key.revoke', actor, details })\n",
    to: '',
    tests: EVENTS,
  },
  {
    mistake: 'a new key leaves no event',
    file: 'src/tokens/key-ring.ts',
    from: "await recordEvent(tx, deps, { action: 'key.create', actor, details })\n",
    to: '',
    tests: EVENTS,
  },
  {
    mistake: 'a key signs before it is published',
    file: 'src/tokens/key-ring.ts',
    from: 'findLast(({ activates_at }) => activates_at <= now())',
    to: 'findLast(({ activates_at }) => activates_at > 0)',
    tests: [...KEYS, ...ROTATION, ...CLI],
  },
  {
    mistake: 'the next key comes late',
    file: 'src/tokens/key-ring.ts',
    from: 'if (now() >= due - lead) await add',
    to: 'if (now() >= due + config.key_rotation) await add',
    tests: [...KEYS, ...ROTATION],
  },
  {
    mistake: 'a key whose tokens live is published no longer',
    file: 'src/tokens/key-ring.ts',
    from: '(next?.activates_at ?? abandoned) + longestLife(config) + config.clock_tolerance',
    to: '(next?.activates_at ?? abandoned) + config.clock_tolerance',
    tests: [...KEYS, ...ROTATION],
  },
  {
    mistake: 'an unknown key is looked for each time',
    file: 'src/tokens/key-ring.ts',
    from: 'if (key || elapsed() - lookedAt < UNKNOWN_KID_PAUSE) return key',
    to: 'if (key) return key',
    tests: KEYS,
  },
  {
    mistake: 'one key does two things',
    file: 'src/tokens/master-key.ts',
    from: "device: createSecretKey(derive('latchkey/device'))",
    to: "device: createSecretKey(derive('latchkey/refresh'))",
    tests: KEYS,
  },
  {
    mistake: 'a key for development is readable by all',
    file: 'src/tokens/master-key.ts',
    from: "{ mode: 0o600, flag: 'wx' }",
    to: "{ mode: 0o644, flag: 'wx' }",
    tests: SERVER,
  },
  {
    mistake: 'a short key for development is used',
    file: 'src/tokens/master-key.ts',
    from: 'if (Buffer.byteLength(key) < MINIMUM) throw new Error(`the key in ${path} has fewer than ${MINIMUM} bytes`)\n',
    to: '',
    tests: SERVER,
  },
  {
    mistake: 'the previous key is not taken any more',
    file: 'src/tokens/master-key.ts',
    from: 'other ? [current[purpose], other[purpose]] : [current[purpose]]',
    to: 'other ? [current[purpose]] : [current[purpose]]',
    tests: KEYCHANGE,
  },
  {
    mistake: 'what is sealed opens in any place',
    file: 'src/tokens/seal.ts',
    from: '.setAAD(Buffer.from(context))\n    .setAuthTag',
    to: '.setAuthTag',
    tests: KEYS,
  },
  {
    mistake: 'the secret of HS256 is published',
    file: 'src/tokens/signing-key.ts',
    from: 'return { kid, alg, secret, verifier: secret, jwk: undefined,',
    to: "return { kid, alg, secret, verifier: secret, jwk: { kty: 'oct', k: secret, kid, alg, use: 'sig' },",
    tests: OF_TOKENS,
  },
  {
    mistake: 'a single-use token holds for an hour',
    file: 'src/tokens/single-use-token.ts',
    from: 'export const SINGLE_USE_TTL = 35 * 60_000',
    to: 'export const SINGLE_USE_TTL = 60 * 60_000',
    tests: DEMO,
  },
  {
    mistake: 'a single-use token outlives its session',
    file: 'src/tokens/single-use-token.ts',
    from: 'Math.floor(Math.min(now + SINGLE_USE_TTL, ends_at) / 1000)',
    to: 'Math.floor((now + SINGLE_USE_TTL) / 1000)',
    tests: [...DEMO, ...SINGLE],
  },
]
