/** How sessions begin, go on and end. */
import type { Mutant } from './mutant.ts'

const REFRESH = ['test/routes/refresh.test.ts']
const AUTH = ['test/routes/auth.test.ts']
const ACCOUNT = ['test/routes/account.test.ts']
const OF_ACCOUNTS = ['test/attacks/accounts.test.ts']
const MANY = ['test/attacks/many-sessions.test.ts']
const UNSEEN = ['test/attacks/unseen.test.ts']
const REVOCATION = ['test/revocation.test.ts']
const STEPUP = ['test/routes/step-up.test.ts']
const ENDS = ['test/sessions-end.test.ts']
const EVENTS = ['test/audit/events.test.ts']
const DEVICES = ['test/routes/devices.test.ts']
const WITHDRAWN = ['test/attacks/withdrawn.test.ts']
const FINDING = ['test/faults/finding-out.test.ts']
const EMAIL = ['test/routes/email.test.ts']
const ATTDEV = ['test/attacks/devices.test.ts']
const RACES = ['test/postgres/races.test.ts']
const JWTDEMO = ['test/routes/compat/flask-jwt-demo.test.ts', 'test/attacks/single-use.test.ts']
const FAULTS = ['test/faults/finding-out.test.ts', 'test/faults/postgres.test.ts']
const ADMIN = ['test/routes/admin.test.ts']

export const SESSIONS: readonly Mutant[] = [
  {
    mistake: 'sessions of dialects crowd out what people signed in to',
    file: 'src/sessions/caps.ts',
    from: "kinds: ['dialect'], most: 20",
    to: "kinds: ['dialect'], most: 200",
    tests: MANY,
  },
  {
    mistake: 'the newest session ends in place of the idlest',
    file: 'src/sessions/caps.ts',
    from: ".orderBy('last_used_at', 'desc')",
    to: ".orderBy('last_used_at', 'asc')",
    tests: MANY,
  },
  {
    mistake: 'an account has one session more than it may',
    file: 'src/sessions/caps.ts',
    from: 'sql.lit(most - 1)',
    to: 'sql.lit(most)',
    tests: MANY,
  },
  {
    mistake: 'every session of everybody ends but those of the last accounts of a batch',
    file: 'src/sessions/end-every.ts',
    from: ".where('id', '>', after)",
    to: ".where('id', '>', after + 1)",
    tests: ENDS,
  },
  {
    mistake: 'a logout does not check the MAC of the token',
    file: 'src/sessions/end.ts',
    from: 'if (!session || !isAuthentic(deps.keys.refreshKeys, session, presented)) return\n  await endSession',
    to: 'if (!session) return\n  await endSession',
    tests: UNSEEN,
  },
  {
    mistake: 'a session that ends is remembered as living',
    file: 'src/sessions/end.ts',
    from: 'await deps.states.forgetSession(tx, id)\n  return true',
    to: 'return true',
    tests: AUTH,
  },
  {
    mistake: "anybody ends anybody's session by its id",
    file: 'src/sessions/end.ts',
    from: ".$if(ofUser !== undefined, (query) => query.where('user_id', '=', ofUser ?? 0))",
    to: '',
    tests: ACCOUNT,
  },
  {
    mistake: 'the end of a session leaves no event',
    file: 'src/sessions/end.ts',
    from: "await recordEvent(tx, deps, { action: 'session.end', actor, subject: uid, cause: reason, session_id: id })\n",
    to: '',
    tests: EVENTS,
  },
  {
    mistake: 'a new password ends the session that asked too',
    file: 'src/sessions/end.ts',
    from: 'those.$if(except !== undefined,',
    to: 'those.$if(except === undefined,',
    tests: ACCOUNT,
  },
  {
    mistake: 'ending all sessions leaves a wish for an address to be confirmed',
    file: 'src/sessions/end.ts',
    from: "await voidProofs(tx, account.id, ['email-change'])",
    to: "await voidProofs(tx, account.id, ['email-verify'])",
    tests: EMAIL,
  },
  {
    mistake: 'the ends of all sessions of an account are told to nobody',
    file: 'src/sessions/end.ts',
    from: "await recordEvent(tx, deps, { action: 'session.end', actor, subject: uid, cause: reason, details: { sessions } })\n",
    to: '',
    tests: EVENTS,
  },
  {
    mistake: 'a report link ends sessions that began before',
    file: 'src/sessions/end.ts',
    from: ".where('created_at', '>=', first.created_at)",
    to: ".where('created_at', '>=', 0)",
    tests: [...ATTDEV, ...DEVICES],
  },
  {
    mistake: 'a report link ends sessions of other programs',
    file: 'src/sessions/end.ts',
    from: ".where('user_agent', 'is not distinct from', first.user_agent),",
    to: ',',
    tests: DEVICES,
  },
  {
    mistake: 'a session that was signed out waits for a change of address all the same',
    file: 'src/sessions/end.ts',
    from: "session.revoked_reason !== 'logout'",
    to: "session.revoked_reason === 'logout'",
    tests: EMAIL,
  },
  {
    mistake: 'a session that has ended is alive',
    file: 'src/sessions/end.ts',
    from: 'return session !== undefined\n}',
    to: 'return session === undefined\n}',
    tests: ACCOUNT,
  },
  {
    mistake: 'a session that was idle for too long is listed',
    file: 'src/sessions/list.ts',
    from: ".where('last_used_at', '>', now - deps.config.session_idle_ttl)",
    to: '',
    tests: ACCOUNT,
  },
  {
    mistake: 'ended sessions are listed',
    file: 'src/sessions/list.ts',
    from: ".where('revoked_at', 'is', null)",
    to: '',
    tests: ACCOUNT,
  },
  {
    mistake: "everybody's sessions are listed",
    file: 'src/sessions/list.ts',
    from: ".where('user_id', '=', by.account.id)",
    to: '',
    tests: ACCOUNT,
  },
  {
    mistake: 'a page begins with the last session of the one before',
    file: 'src/sessions/list.ts',
    from: "where('id', '<', readCursor",
    to: "where('id', '<=', readCursor",
    tests: MANY,
  },
  {
    mistake: "half of a refresh token's MAC counts",
    file: 'src/sessions/refresh-token.ts',
    from: 'timingSafeEqual(macOver(key, head, session.salt), presented.mac)',
    to: 'timingSafeEqual(macOver(key, head, session.salt).subarray(0, 16), presented.mac.subarray(0, 16))',
    tests: REFRESH,
  },
  {
    mistake: 'a refresh token has several lengths',
    file: 'src/sessions/refresh-token.ts',
    from: 'token.length !== LENGTH',
    to: 'token.length < LENGTH',
    tests: REFRESH,
  },
  {
    mistake: 'the salt of a session does not count in its refresh tokens',
    file: 'src/sessions/refresh-token.ts',
    from: ".update(Buffer.from(salt, 'hex'))",
    to: ".update(Buffer.from('', 'hex'))",
    tests: REFRESH,
  },
  {
    mistake: 'a disabled account refreshes',
    file: 'src/sessions/refresh.ts',
    from: 'session.revoked_at !== null || session.disabled_at !== null',
    to: 'session.revoked_at !== null',
    tests: REFRESH,
  },
  {
    mistake: 'a session that was idle for too long is refreshed',
    file: 'src/sessions/refresh.ts',
    from: 'if (endOf(deps, session) <= deps.now())',
    to: 'if (session.expires_at <= deps.now())',
    tests: REFRESH,
  },
  {
    mistake: 'two refreshes at once both rotate',
    file: 'src/sessions/refresh.ts',
    from: ".where('generation', '=', stand('generation'))",
    to: '',
    tests: RACES,
  },
  {
    mistake: 'a session that ends meanwhile is refreshed',
    file: 'src/sessions/refresh.ts',
    from: ".where('revoked_at', 'is', null)\n    .returningAll()",
    to: '.returningAll()',
    tests: RACES,
  },
  {
    mistake: 'a token of the future is a repeated one',
    file: 'src/sessions/refresh.ts',
    from: "if (presented.generation > session.generation) return refuse(deps, 'invalid')",
    to: '',
    tests: REFRESH,
  },
  {
    mistake: 'a token two generations old is repeated',
    file: 'src/sessions/refresh.ts',
    from: 'presented.generation === session.generation - 1 && deps',
    to: 'presented.generation >= session.generation - 2 && deps',
    tests: REFRESH,
  },
  {
    mistake: 'the time of grace has no end',
    file: 'src/sessions/refresh.ts',
    from: 'deps.now() - session.rotated_at < deps.config.refresh_grace',
    to: 'deps.now() - session.rotated_at >= 0',
    tests: REFRESH,
  },
  {
    mistake: 'a stolen session goes on',
    file: 'src/sessions/refresh.ts',
    from: "const isEndedHere = await endSession(deps, session.id, 'refresh_token_reused', { origin })",
    to: 'const isEndedHere = origin !== undefined',
    tests: REFRESH,
  },
  {
    mistake: "a session's life is as long as its token, whatever is configured",
    file: 'src/sessions/session.ts',
    from: 'Math.min(life ?? Number.POSITIVE_INFINITY, deps.config.refresh_token_ttl)',
    to: '(life ?? deps.config.refresh_token_ttl)',
    tests: JWTDEMO,
  },
  {
    mistake: 'a session never ends for being idle',
    file: 'src/sessions/session.ts',
    from: 'Math.min(expires_at, last_used_at + config.session_idle_ttl)',
    to: 'Math.max(expires_at, last_used_at + config.session_idle_ttl)',
    tests: REFRESH,
  },
  {
    mistake: 'a sign-in leaves no event',
    file: 'src/sessions/session.ts',
    from: "await recordEvent(tx, deps, { action: 'session.start', actor, subject: uid, details: { means } })\n",
    to: '',
    tests: EVENTS,
  },
  {
    mistake: 'an agent of any length is kept',
    file: 'src/sessions/session.ts',
    from: 'origin.user_agent?.slice(0, USER_AGENT_LENGTH)',
    to: 'origin.user_agent',
    tests: OF_ACCOUNTS,
  },
  {
    mistake: 'sessions are swept as soon as they expire',
    file: 'src/sessions/session.ts',
    from: '{ before: at - KEEP_EXPIRED }',
    to: '{ before: at }',
    tests: REFRESH,
  },
  {
    mistake: 'a proof counts a minute too long',
    file: 'src/sessions/states.ts',
    from: 'now() - authenticated_at > config.step_up_age',
    to: 'now() - authenticated_at > config.step_up_age + 60_000',
    tests: STEPUP,
  },
  {
    mistake: 'changes of accounts are forgotten a generation early',
    file: 'src/sessions/states.ts',
    from: 'older = isFull ? new Map() : recent',
    to: 'older = new Map()',
    tests: REVOCATION,
  },
  {
    mistake: 'news that comes while a state is being read is missed',
    file: 'src/sessions/states.ts',
    from: 'if (state && changes === changesBefore)',
    to: 'if (state)',
    tests: [...FINDING, ...WITHDRAWN],
  },
  {
    mistake: 'a state is never read again',
    file: 'src/sessions/states.ts',
    from: 'elapsed() - state.read_at < STATE_MAX_AGE ? state',
    to: 'elapsed() - state.read_at >= 0 ? state',
    tests: REVOCATION,
  },
  {
    mistake: 'a node that hears nothing believes what it knows for ever',
    file: 'src/sessions/states.ts',
    from: 'if (elapsed() - heardAt >= HEARSAY_MAX_AGE) return undefined',
    to: '',
    tests: FAULTS,
  },
  {
    mistake: 'what a change says of an account is compared with the wrong number',
    file: 'src/sessions/states.ts',
    from: 'remembered.asOf < changed.last(',
    to: 'remembered.asOf > changed.last(',
    tests: ADMIN,
  },
  {
    mistake: 'the state of a disabled account is read',
    file: 'src/sessions/states.ts',
    from: ".where('users.disabled_at', 'is', null)",
    to: '',
    tests: REFRESH,
  },
  {
    mistake: 'a session that has ended is read as living',
    file: 'src/sessions/states.ts',
    from: ".where('sessions.revoked_at', 'is', null)",
    to: '',
    tests: AUTH,
  },
  {
    mistake: 'lost news changes nothing',
    file: 'src/sessions/states.ts',
    from: 'changes += 1\n      states.clear()',
    to: 'changes += 1',
    tests: REVOCATION,
  },
]
