/** `npm test`: finds what the tests need, runs them, and holds the coverage against its floor. */
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { prepareServer, SERVER_VARIABLE, startPostgres, TEMPLATE } from '../test/support/postgres.ts'
import { readResults } from './results.ts'

interface Need {
  part: string
  command: string
  /** what a Python must be able to import */
  modules?: readonly string[]
  package: string
  suites: string
  /** what must succeed beside, in a shell */
  trial?: string
}

/** What tests talk to, the Debian package that brings it, and the suites that go without. */
const NEEDS = [
  {
    part: 'python',
    command: '/usr/bin/python3',
    modules: ['bcrypt', 'flask_sqlalchemy', 'passlib'],
    package: 'python3-bcrypt python3-flask-sqlalchemy python3-passlib',
    suites: 'moving in from the databases of other services',
  },
  {
    part: 'postgres',
    command: 'psql',
    // Debian keeps the server's programs off the path
    trial: 'ls /usr/lib/postgresql/*/bin/initdb',
    package: 'postgresql',
    suites: 'everything on PostgreSQL',
  },
  { part: 'redis', command: 'redis-server', package: 'redis-server', suites: 'everything on Redis' },
  {
    part: 'mounts',
    command: 'mount',
    trial: 'd=$(mktemp -d) && mount -t tmpfs -o size=64k tmpfs "$d" && umount "$d" && rmdir "$d"',
    package: 'mount',
    suites: 'everything on a full or broken disk, which takes the right to mount',
  },
  {
    part: 'network',
    command: 'ip',
    trial: 'n=lk$$; ip netns add $n && ip -n $n link add type veth && ip netns delete $n',
    package: 'iproute2',
    suites: 'everything on a network that drops packets, which takes the right to make one',
  },
  {
    part: 'java',
    command: 'javac',
    trial: 'ls /usr/share/java/geronimo-annotation-1.3-spec.jar',
    package: 'default-jdk-headless libgeronimo-annotation-1.3-spec-java',
    suites: 'generated clients of Java and Python',
  },
  {
    part: 'pydantic',
    command: '/usr/bin/python3',
    modules: ['dateutil', 'pydantic', 'typing_extensions', 'urllib3'],
    package: 'python3-dateutil python3-pydantic python3-typing-extensions python3-urllib3',
    suites: 'generated clients of Python',
  },
  { part: 'chromium', command: 'chromium', package: 'chromium', suites: 'the documentation pages in a browser' },
] as const satisfies readonly Need[]

/** Least share of lines of src, plugins and routes that the tests run through, in percent. */
const COVERAGE_FLOOR = 95

/** What touches a database runs a second time, on PostgreSQL. */
const ON_EITHER_DATABASE = [
  'test/routes/**/*.test.ts',
  'test/audit/{bounded,chain,events}.test.ts',
  'test/attacks/*.test.ts',
  'test/security/*.test.ts',
  'test/{revocation,rotation}.test.ts',
  'test/faults/{clocks,killed}.test.ts',
  'test/doctor.test.ts',
  'test/mail/{outbox,processes}.test.ts',
  'test/model/session.test.ts',
  'test/src/{ephemeral,keys,rotation}.test.ts',
  'test/upgrades/*.test.ts',
  'test/moving/{command,import,reference-systems}.test.ts',
]

const SUMMARY = '.tap/report/coverage-summary.json'
const RESULTS = '.tap/results.tap'
const only = process.argv.slice(2)

const onPath = (command: string) => spawnSync('which', [command], { stdio: 'ignore' }).status === 0
const canImport = (python: string, modules: readonly string[]) =>
  spawnSync(python, ['-c', `import ${modules.join(', ')}`], { stdio: 'ignore' }).status === 0
const succeeds = (trial: string) => spawnSync('sh', ['-c', trial], { stdio: 'ignore' }).status === 0
const missing = () =>
  (NEEDS as readonly Need[]).filter(
    ({ command, modules, trial }) =>
      !onPath(command) || (modules && !canImport(command, modules)) || (trial && !succeeds(trial)),
  )

function install(packages: readonly string[]): void {
  const canInstall = process.getuid?.() === 0 && existsSync('/etc/debian_version') && onPath('apt-get')
  if (!canInstall) return
  process.stderr.write(`installing ${packages.join(' ')}\n`)
  // RUNLEVEL: Debian's own cluster of PostgreSQL is not started
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  // another may be installing: it is waited for, s
  const patient = ['-o', 'DPkg::Lock::Timeout=600']
  spawnSync('apt-get', [...patient, 'update', '-qq'], { stdio: ['ignore', 'ignore', 'inherit'], env })
  // --no-install-recommends: the servers and the browser, not what desktops add to them
  spawnSync('apt-get', [...patient, 'install', '-y', '-qq', '--no-install-recommends', ...packages], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env,
  })
}

function findParts(): string[] {
  if (missing().length > 0) install(missing().flatMap((need) => need.package.split(' ')))
  const absent = missing()
  for (const need of absent) process.stderr.write(`${need.package} is missing: left out is ${need.suites}\n`)
  if (absent.length > 0 && process.env['CI'] === 'true') {
    process.stderr.write('CI leaves nothing out\n')
    process.exit(1)
  }
  return absent.map(({ part }) => part)
}

interface Coverage {
  [file: string]: { lines: { total: number; covered: number; pct: number } }
}

/** Lines run through, in percent, of the three storeys together; files below the floor are named. */
function coverage(): number {
  const files = Object.entries(JSON.parse(readFileSync(SUMMARY, 'utf8')) as Coverage).filter(([file]) =>
    /\/(src|plugins|routes)\//.test(file),
  )
  const sum = (member: 'total' | 'covered') => files.reduce((total, [, { lines }]) => total + lines[member], 0)
  for (const [file, { lines }] of files) {
    if (lines.pct < COVERAGE_FLOOR)
      process.stdout.write(`  ${lines.pct.toFixed(1)} %  ${file.replace(`${process.cwd()}/`, '')}\n`)
  }
  return (100 * sum('covered')) / sum('total')
}

const without = findParts()
const env: NodeJS.ProcessEnv = {
  ...process.env,
  // what comes out of the compile cache is not counted in full (nodejs.org/api/module.html#module-compile-cache)
  NODE_DISABLE_COMPILE_CACHE: '1',
  LATCHKEY_TESTS_WITHOUT: without.join(','),
}
if (!without.includes('postgres')) env[SERVER_VARIABLE] = prepareServer(startPostgres()).slice(0, -TEMPLATE.length)

const failures: string[] = []
let failed = 0
let passed = 0
let ok = true

function runTap(args: readonly string[], more: NodeJS.ProcessEnv = {}): void {
  rmSync(RESULTS, { force: true })
  const tap = spawnSync('tap', ['run', `--output-file=${RESULTS}`, ...args], {
    stdio: 'inherit',
    env: { ...env, ...more },
  })
  if (existsSync(RESULTS)) {
    const results = readResults(readFileSync(RESULTS, 'utf8'))
    failed += results.failed
    passed += results.passed
    failures.push(...results.failures)
  }
  ok &&= tap.status === 0
}

runTap(only)
if (only.length === 0) {
  // read now, since the second run is not measured and leaves no figures
  const lines = coverage()
  process.stdout.write(`coverage: ${lines.toFixed(1)} % of lines\n`)
  if (lines < COVERAGE_FLOOR && without.length === 0) {
    process.stdout.write(`the floor is ${COVERAGE_FLOOR} %\n`)
    ok = false
  }
}
if (only.length === 0 && !without.includes('postgres')) {
  process.stdout.write('once more, on PostgreSQL\n')
  const files = ON_EITHER_DATABASE.flatMap((pattern) => globSync(pattern))
  runTap(['--disable-coverage', ...files], { LATCHKEY_TESTS_DATABASE: 'postgres' })
}
if (!ok) failed = Math.max(1, failed)
mkdirSync('.tap', { recursive: true })
writeFileSync('.tap/counts.json', JSON.stringify({ passed, failed, failures }))
for (const failure of failures) process.stdout.write(`\nfailed: ${failure}\n`)
process.stdout.write(`${passed} passed, ${failed} failed\n`)
process.exit(ok ? 0 : 1)
