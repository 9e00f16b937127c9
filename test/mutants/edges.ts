/** The plugins and the routes: what stands between a request and the rules. */
import type { Mutant } from './mutant.ts'

const AUTH = ['test/routes/auth.test.ts']
const ADMIN = ['test/routes/admin.test.ts']
const ACCOUNT = ['test/routes/account.test.ts']
const TOKENS = ['test/attacks/tokens.test.ts']
const LIMIT = ['test/plugins/rate-limit.test.ts']
const CLASSES = ['test/security/route-classes.test.ts']
const STEPUP = ['test/routes/step-up.test.ts']
const WITHDRAWN = ['test/attacks/withdrawn.test.ts']
const SECURITY = ['test/plugins/security.test.ts']
const REQUESTS = ['test/plugins/requests.test.ts']
const GIVING = ['test/plugins/giving-way.test.ts']
const STANDING = ['test/routes/standing.test.ts']
const GUARD = ['test/contract/guard.test.ts']
const MALFORMED = ['test/attacks/malformed.test.ts']
const FINDING = ['test/faults/finding-out.test.ts']
const PAGES = ['test/pages/pages.test.ts']
const DEVICES = ['test/routes/devices.test.ts']
const OWNER = ['test/attacks/owner.test.ts']
const KNOWN = ['test/attacks/known-accounts.test.ts']
const FLASK = ['test/routes/compat/flask-auth.test.ts']
const DEMO = ['test/routes/compat/flask-jwt-demo.test.ts']
const TEMPLATE = ['test/routes/compat/python-jwt-template.test.ts']
const CROSS = ['test/attacks/cross-site.test.ts']
const AUDIT = ['test/routes/audit.test.ts']
const REFUSALS = ['test/contract/refusals.test.ts']
const DOCUMENT = ['test/routes/document.test.ts']
const ACCOUNTS = ['test/attacks/accounts.test.ts']
const TWO = ['test/revocation.test.ts', 'test/attacks/withdrawn.test.ts']
const HEALTHDB = ['test/faults/sqlite.test.ts', 'test/faults/postgres.test.ts']
const PROTO = ['test/attacks/accounts.test.ts', 'test/plugins/requests.test.ts', 'test/attacks/unseen.test.ts']
const BODY = ['test/routes/compat/flask-jwt-demo.test.ts', 'test/attacks/accounts.test.ts', 'test/routes/admin.test.ts']
const COOKIE = ['test/routes/email.test.ts', 'test/attacks/cross-site.test.ts', 'test/attacks/unseen.test.ts']
const SIGNIN = ['test/routes/sign-in.test.ts']
const CACHES = ['test/plugins/security.test.ts', 'test/routes/health.test.ts', 'test/attacks/unseen.test.ts']
const KEYS = [
  'test/src/keys.test.ts',
  'test/attacks/tokens.test.ts',
  'test/plugins/security.test.ts',
  'test/attacks/unseen.test.ts',
]
const RECENT = ['test/security/recent-proof.test.ts']
const MANY = ['test/attacks/many-sessions.test.ts']

export const EDGES: readonly Mutant[] = [
  {
    mistake: 'a token of one account opens the session of another',
    file: 'plugins/authenticate.ts',
    from: "if (!state || state.account.uid !== claims.sub) throw new Failure('session_revoked')",
    to: "if (!state) throw new Failure('session_revoked')",
    tests: TOKENS,
  },
  {
    mistake: 'a token that was seen before is good, whatever came since',
    file: 'plugins/authenticate.ts',
    from: 'return state && state.account.uid === claims.sub && isCurrent() ? state : undefined',
    to: 'return state && state.account.uid === claims.sub ? state : undefined',
    tests: [...FINDING, ...TWO],
  },
  {
    mistake: 'nobody needs a permission',
    file: 'plugins/authenticate.ts',
    from: 'if (permission && !isAllowed(session.account.roles, permission)) return',
    to: 'if (permission && session.account.roles.length === 0) return',
    tests: ADMIN,
  },
  {
    mistake: 'nobody needs a recent proof',
    file: 'plugins/authenticate.ts',
    from: 'recent && isSensitive(recent, request) && isProofOld(app, session)',
    to: 'recent && isSensitive(recent, request) && session.authenticated_at < 0',
    tests: STEPUP,
  },
  {
    mistake: 'any scheme of authorization is Bearer',
    file: 'plugins/authenticate.ts',
    from: '/^Bearer {1,8}([\\w.~+/=-]+)$/i',
    to: '/^\\w+ {1,8}([\\w.~+/=-]+)$/i',
    tests: TOKENS,
  },
  {
    mistake: 'a refused token is refused for ever and not counted',
    file: 'plugins/rate-limit.ts',
    from: "if (status === 401) return 'refused'",
    to: 'if (status === 401) return undefined',
    tests: LIMIT,
  },
  {
    mistake: 'what is signed in counts by address',
    file: 'plugins/rate-limit.ts',
    from: '`${name}:${byAccount && session ? session.account.id : callerAt(ip)}`',
    to: '`${name}:${callerAt(ip)}`',
    tests: LIMIT,
  },
  {
    mistake: 'who is over a limit is served',
    file: 'plugins/rate-limit.ts',
    from: 'if (!isExceeded) return done()',
    to: 'if (isExceeded) return done()',
    tests: LIMIT,
  },
  {
    mistake: 'who asks for what they may not counts nowhere',
    file: 'plugins/rate-limit.ts',
    from: 'return status === 403 && body === undefined ?',
    to: 'return status === 402 && body === undefined ?',
    tests: LIMIT,
  },
  {
    mistake: 'a route counts before anybody knows who asks',
    file: 'plugins/rate-limit.ts',
    from: 'route.onRequest = [...hooksOfRoute, hook]',
    to: 'route.onRequest = [hook, ...hooksOfRoute]',
    tests: LIMIT,
  },
  {
    mistake: 'a failure of ours is told with its cause',
    file: 'plugins/errors.ts',
    from: '...(detail !== undefined && { detail }),',
    to: "...{ detail: detail ?? String((failure.cause as Error | undefined)?.message ?? '') },",
    tests: REQUESTS,
  },
  {
    mistake: 'a database that is away is a failure of ours',
    file: 'plugins/errors.ts',
    from: "if (isDatabaseUnavailable(error)) return new Failure('unavailable', { cause: error, retryAfter: RETRY_AFTER })\n",
    to: '',
    tests: HEALTHDB,
  },
  {
    mistake: 'whoever is refused is not told when to come back',
    file: 'plugins/errors.ts',
    from: "if (failure.retryAfter !== undefined) reply.header('retry-after', failure.retryAfter)\n",
    to: '',
    tests: LIMIT,
  },
  {
    mistake: 'what follows a broken request is answered in its place',
    file: 'plugins/errors.ts',
    from: 'if (owesAnswer(socket)) {\n    socket.destroy()\n    return\n  }\n',
    to: '',
    tests: MALFORMED,
  },
  {
    mistake: 'who is refused waits behind writes',
    file: 'plugins/giving-way.ts',
    from: 'if (!isRead && route.config?.changes !== false)',
    to: 'if (route.config?.changes !== false)',
    tests: GIVING,
  },
  {
    mistake: 'writes wait for as long as anybody reads',
    file: 'plugins/giving-way.ts',
    from: '({ since }) => now - since < PATIENCE',
    to: '({ since }) => now - since < 100 * PATIENCE',
    tests: GIVING,
  },
  {
    mistake: 'any origin may call',
    file: 'plugins/security.ts',
    from: 'origin: [...cors_origins],',
    to: 'origin: true,',
    tests: SECURITY,
  },
  {
    mistake: 'other pages may hold ours in a frame',
    file: 'plugins/security.ts',
    from: 'directives: { defaultSrc: ["\'none\'"], baseUri: ["\'none\'"], frameAncestors: ["\'none\'"] }',
    to: 'directives: { defaultSrc: ["\'none\'"], baseUri: ["\'none\'"] }',
    tests: SECURITY,
  },
  {
    mistake: 'bytes that are not UTF-8 become other text',
    file: 'plugins/requests.ts',
    from: "else if (!isUtf8(body))\n        done(new Failure('malformed_json', { detail: 'It is not UTF-8 (RFC 8259, section 8.1).' }))\n",
    to: '',
    tests: WITHDRAWN,
  },
  {
    mistake: 'a body may alter prototypes',
    file: 'plugins/requests.ts',
    from: "app.getDefaultJsonParser('error', 'error')",
    to: "app.getDefaultJsonParser('ignore', 'ignore')",
    tests: [...MALFORMED, ...PROTO],
  },
  {
    mistake: 'members of a body are what they look like',
    file: 'plugins/validator.ts',
    from: "part.httpPart === 'body' ? strict : coercing",
    to: 'coercing',
    tests: [...AUTH, ...REFUSALS, ...BODY],
  },
  {
    mistake: 'a node that must serve nobody serves',
    file: 'plugins/standing.ts',
    from: 'if (fault === undefined || request.routeOptions.config.always) done()',
    to: "if (fault !== '' || request.routeOptions.config.always) done()",
    tests: STANDING,
  },
  {
    mistake: 'a page of another site shows the request token',
    file: 'routes/asker.ts',
    from: "if (cookie === undefined || senderOf(request) === 'foreign') return undefined\n  const start",
    to: 'if (cookie === undefined) return undefined\n  const start',
    tests: [...CROSS, ...OWNER, ...PAGES],
  },
  {
    mistake: 'the request token can be read by scripts',
    file: 'routes/asker.ts',
    from: 'HttpOnly; SameSite=Strict',
    to: 'SameSite=Strict',
    tests: [...PAGES, ...KNOWN, ...COOKIE],
  },
  {
    mistake: 'scripts read what a device is known by',
    file: 'routes/device.ts',
    from: 'HttpOnly; SameSite=Lax',
    to: 'SameSite=Lax',
    tests: DEVICES,
  },
  {
    mistake: 'a session that ends while a body comes is served',
    file: 'routes/guard.ts',
    from: 'if (request.body === undefined) done()\n    else app.authenticate(request, reply, done)',
    to: 'done()',
    tests: WITHDRAWN,
  },
  {
    mistake: 'what is switched off is served',
    file: 'routes/guard.ts',
    from: 'if (isOn(app.config, feature)) return',
    to: 'if (feature) return',
    tests: [...SIGNIN, ...DOCUMENT],
  },
  {
    mistake: 'answers with tokens may be kept by caches',
    file: 'routes/guard.ts',
    from: "reply.header('cache-control', 'no-store')\n",
    to: '',
    tests: [...AUTH, ...CACHES],
  },
  {
    mistake: 'reads count as writes',
    file: 'routes/guard.ts',
    from: "(method === 'GET' || method === 'HEAD' ? 'read' : 'write')",
    to: "(method === 'GET' || method === 'HEAD' ? 'write' : 'write')",
    tests: CLASSES,
  },
  {
    mistake: 'health counts among what the public asks',
    file: 'routes/health.ts',
    from: "countAs(app, 'health')",
    to: "countAs(app, 'public')",
    tests: CLASSES,
  },
  {
    mistake: 'keys may be kept for a day',
    file: 'routes/well-known.ts',
    from: '`public, max-age=${JWKS_MAX_AGE}`',
    to: '`public, max-age=${288 * JWKS_MAX_AGE}`',
    tests: KEYS,
  },
  {
    mistake: 'a field may come twice',
    file: 'routes/pages/form.ts',
    from: 'if (fields.has(name)) return undefined\n',
    to: '',
    tests: PAGES,
  },
  {
    mistake: 'forms count among what the public asks',
    file: 'routes/pages/index.ts',
    from: "(method === 'POST' ? 'code' : 'public')",
    to: "(method === 'POST' ? 'public' : 'public')",
    tests: [...CLASSES, ...PAGES],
  },
  {
    mistake: 'pages may be held in frames',
    file: 'routes/pages/index.ts',
    from: "'content-security-policy': POLICY,",
    to: "'content-security-policy': \"default-src 'none'\",",
    tests: PAGES,
  },
  {
    mistake: 'a form that was refused shows the password again',
    file: 'routes/pages/page.ts',
    from: "value: isSecret ? '' : (form[name] ?? '')",
    to: "value: form[name] ?? ''",
    tests: PAGES,
  },
  {
    mistake: 'a link that is void can be tried again',
    file: 'routes/pages/page.ts',
    from: "setback === 'one_time_token_invalid' ? undefined : (",
    to: "setback === 'other' ? undefined : (",
    tests: PAGES,
  },
  {
    mistake: 'an export is as cheap as a read',
    file: 'routes/v1/account/data.ts',
    from: "config: { permission: 'self:read', recent: true, limit: 'export' }",
    to: "config: { permission: 'self:read', recent: true }",
    tests: CLASSES,
  },
  {
    mistake: 'an export needs no recent proof',
    file: 'routes/v1/account/data.ts',
    from: "config: { permission: 'self:read', recent: true, limit: 'export' }",
    to: "config: { permission: 'self:read', limit: 'export' }",
    tests: RECENT,
  },
  {
    mistake: 'somebody else deletes the account of who left a device',
    file: 'routes/v1/account/me.ts',
    from: "config: { permission: 'self:write', recent: true },",
    to: "config: { permission: 'self:write' },",
    tests: RECENT,
  },
  {
    mistake: 'messages that one asks for oneself count as writes',
    file: 'routes/v1/account/email.ts',
    from: "feature: 'mail', limit: 'mail' }",
    to: "feature: 'mail' }",
    tests: CLASSES,
  },
  {
    mistake: 'a password that is shown once more counts as a write',
    file: 'routes/v1/account/reauthenticate.ts',
    from: "config: { limit: 'login' },",
    to: '',
    tests: CLASSES,
  },
  {
    mistake: 'everybody reads every account',
    file: 'routes/v1/account/user.ts',
    from: 'if (account.uid !== uid && !isAllowed(account.roles, permission)) throw',
    to: 'if (account.uid === uid && !isAllowed(account.roles, permission)) throw',
    tests: [...ACCOUNT, ...ACCOUNTS],
  },
  {
    mistake: 'a gateway is told another account',
    file: 'routes/v1/account/gateway.ts',
    from: "'x-auth-subject': account.uid,",
    to: "'x-auth-subject': session_id,",
    tests: AUTH,
  },
  {
    mistake: 'an export of the log leaves no event',
    file: 'routes/v1/admin/audit.ts',
    from: "await recordEvent(app.db, app, { action: 'audit.export', actor: actorOf(request) })\n",
    to: '',
    tests: AUDIT,
  },
  {
    mistake: 'the log is exported as often as it is read',
    file: 'routes/v1/admin/audit.ts',
    from: "recent: true, limit: 'export' }",
    to: 'recent: true }',
    tests: MANY,
  },
  {
    mistake: 'everybody lists accounts',
    file: 'routes/v1/admin/users.ts',
    from: "config: { permission: 'users:read' },",
    to: "config: { permission: 'self:read' },",
    tests: ADMIN,
  },
  {
    mistake: "an admin's own proof is not asked for where an account goes",
    file: 'routes/v1/admin/users.ts',
    from: "config: { permission: 'users:write', recent: true },\n    schema: {\n      operationId: 'deleteUser'",
    to: "config: { permission: 'users:write' },\n    schema: {\n      operationId: 'deleteUser'",
    tests: RECENT,
  },
  {
    mistake: "everybody ends everybody's sessions",
    file: 'routes/v1/admin/users.ts',
    from: "config: { permission: 'sessions:end' },",
    to: "config: { permission: 'self:write' },",
    tests: [...ADMIN, ...ACCOUNTS],
  },
  {
    mistake: 'refreshing counts as a login',
    file: 'routes/v1/public/auth.ts',
    from: "url: '/auth/refresh',\n    config: { limit: 'refresh' },",
    to: "url: '/auth/refresh',\n    config: { limit: 'login' },",
    tests: CLASSES,
  },
  {
    mistake: 'registering counts as a login',
    file: 'routes/v1/public/auth.ts',
    from: "config: { limit: 'register' },",
    to: "config: { limit: 'login' },",
    tests: CLASSES,
  },
  {
    mistake: 'a forgotten password counts as a code',
    file: 'routes/v1/public/password.ts',
    from: "config: { feature: 'mail', limit: 'mail' },",
    to: "config: { feature: 'mail', limit: 'code' },",
    tests: CLASSES,
  },
  {
    mistake: 'a device that may know an address tells of it',
    file: 'routes/v1/public/password.ts',
    from: 'return reply.code(202).send({ ...NOTED, request_token })',
    to: 'return reply.code(202).send({ message: request.body.email, request_token })',
    tests: KNOWN,
  },
  {
    mistake: 'codes are tried as often as passwords',
    file: 'routes/v1/public/sign-in.ts',
    from: "url: '/auth/sign-in/code/verify',\n    config: { feature: 'sign-in-code', limit: 'code' },",
    to: "url: '/auth/sign-in/code/verify',\n    config: { feature: 'sign-in-code', limit: 'login' },",
    tests: CLASSES,
  },
  {
    mistake: 'a report counts among what the public asks',
    file: 'routes/v1/public/notices.ts',
    from: "url: '/auth/session/end',\n    config: { limit: 'code' },",
    to: "url: '/auth/session/end',",
    tests: CLASSES,
  },
  {
    mistake: 'a dialect tells an address that is taken before the name',
    file: 'routes/compat/flask-auth.ts',
    from: 'throw isMail && (await findByIdentifier(db, username))',
    to: 'throw !isMail && (await findByIdentifier(db, username))',
    tests: FLASK,
  },
  {
    mistake: 'a new password of a dialect leaves no session',
    file: 'routes/compat/flask-jwt-demo.ts',
    from: 'actorOf(request, bearer), bearer.session_id)',
    to: 'actorOf(request, bearer))',
    tests: DEMO,
  },
  {
    mistake: 'a logout of a dialect ends nothing',
    file: 'routes/compat/flask-jwt-demo.ts',
    from: "await endSession(app, bearer.session_id, 'logout', actorOf(request, bearer))\n",
    to: '',
    tests: DEMO,
  },
  {
    mistake: 'a dialect counts logins as reads',
    file: 'routes/compat/flask-jwt-demo.ts',
    from: "url: '/authenticate_user',\n    config: { limit: 'login' },",
    to: "url: '/authenticate_user',\n    config: { limit: 'public' },",
    tests: CLASSES,
  },
  {
    mistake: 'a dialect tells who has an account where that is hidden',
    file: 'routes/compat/python-jwt-template.ts',
    from: "const tellUnknown = app.config.compat_hide_unknown === 'off'",
    to: 'const tellUnknown = app.config.compat_hide_unknown !== undefined',
    tests: TEMPLATE,
  },
  {
    mistake: 'a logout ends nothing in a dialect',
    file: 'routes/compat/python-jwt-template.ts',
    from: "await endSession(app, request.session.session_id, 'logout', actorOf(request))\n",
    to: '',
    tests: TEMPLATE,
  },
  {
    mistake: 'a greeting needs no session',
    file: 'routes/compat/flask-auth.ts',
    from: 'const signedIn: FastifyPluginAsyncTypebox = async (app) => {\n  requireSession(app)',
    to: 'const signedIn: FastifyPluginAsyncTypebox = async (app) => {',
    tests: [...GUARD, ...FLASK],
  },
]
