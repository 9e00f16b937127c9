/** Who calls, from where, and with how recent a proof. */
import type { Mutant } from './mutant.ts'

const CROSS_SITE = ['test/attacks/cross-site.test.ts']
const NETWORKS = ['test/attacks/networks.test.ts', 'test/src/passwords/admission.test.ts']
const RECENT = ['test/security/recent-proof.test.ts', 'test/routes/step-up.test.ts']

export const EDGE: readonly Mutant[] = [
  {
    mistake: 'a page of a sibling host counts as one of our own',
    file: 'routes/sender.ts',
    from: "return site === 'same-origin' ? 'own' : 'foreign'",
    to: "return site.startsWith('same-') ? 'own' : 'foreign'",
    tests: CROSS_SITE,
  },
  {
    mistake: 'an origin that begins like ours is ours',
    file: 'routes/sender.ts',
    from: 'headers.origin === server.config.public_origin',
    to: 'headers.origin.startsWith(server.config.public_origin)',
    tests: CROSS_SITE,
  },
  {
    mistake: 'pages take a form that nobody says the sender of',
    file: 'routes/pages/index.ts',
    from: "senderOf(request) !== 'own'",
    to: "senderOf(request) === 'foreign'",
    tests: CROSS_SITE,
  },
  {
    mistake: 'a foreign page can have the cookie of a device set',
    file: 'routes/device.ts',
    from: "token === undefined || senderOf(reply.request) === 'foreign'",
    to: 'token === undefined',
    tests: CROSS_SITE,
  },
  {
    mistake: 'the cookie of a device counts in what a foreign page sent',
    file: 'routes/device.ts',
    from: "cookie === undefined || senderOf(request) === 'foreign'",
    to: 'cookie === undefined',
    tests: CROSS_SITE,
  },
  {
    mistake: 'the older name of the cookie wins',
    file: 'routes/device.ts',
    from: 'cookieNamed(SECURE_COOKIE, cookie) ?? cookieNamed(PLAIN_COOKIE, cookie)',
    to: 'cookieNamed(PLAIN_COOKIE, cookie) ?? cookieNamed(SECURE_COOKIE, cookie)',
    tests: CROSS_SITE,
  },
  {
    mistake: 'NAT64 addresses are callers of their own',
    file: 'src/passwords/network.ts',
    from: '{ prefix: [0x64, 0xff9b, 0, 0, 0, 0], at: 6 },',
    to: '',
    tests: NETWORKS,
  },
  {
    mistake: 'a site is not counted',
    file: 'src/passwords/network.ts',
    from: '/56`, `',
    to: '/56`] || [`',
    tests: NETWORKS,
  },
  {
    mistake: 'a home is as large as a site',
    file: 'src/passwords/network.ts',
    from: '(subnet & 0xff00)',
    to: '(subnet & 0x0000)',
    tests: NETWORKS,
  },
  {
    mistake: 'what one home is refused is counted against its neighbours',
    file: 'src/throttling/limiter.ts',
    from: 'over.set(network, { until: deps.elapsed() + worst.left })\n      break',
    to: 'over.set(network, { until: deps.elapsed() + worst.left })',
    tests: NETWORKS,
  },
  {
    mistake: 'a wider network has no larger share',
    file: 'src/throttling/limiter.ts',
    from: 'export const SHARES = [1, 2, 4] as const',
    to: 'export const SHARES = [1, 1, 1] as const',
    tests: NETWORKS,
  },
  {
    mistake: 'passwords tried from one site do not wait for one another',
    file: 'src/throttling/throttle.ts',
    from: 'networksOf(callerAt(ip)).map(',
    to: 'networksOf(callerAt(ip)).slice(0, 1).map(',
    tests: NETWORKS,
  },
  {
    mistake: 'a recent proof is asked for only where the whole call needs one',
    file: 'plugins/authenticate.ts',
    from: 'recent.some((member) => Object.hasOwn(body, member))',
    to: 'false',
    tests: RECENT,
  },
  {
    mistake: 'the whole audit log needs no recent proof',
    file: 'routes/v1/admin/audit.ts',
    from: "recent: true, limit: 'export' }",
    to: "limit: 'export' }",
    tests: RECENT,
  },
  {
    mistake: 'an admin unlocks somebody without a recent proof',
    file: 'routes/v1/admin/users.ts',
    from: "// it takes away what keeps the password from being guessed\n    config: { permission: 'users:write', recent: true },",
    to: "config: { permission: 'users:write' },",
    tests: RECENT,
  },
]
