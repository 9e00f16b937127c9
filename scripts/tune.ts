/**
 * `npm run tune`: builds the binary of the argon2 package for this machine's processor, beside the prebuilt one. Its
 * few files are compiled directly: node-gyp would want Python, and Node's headers from the network.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { type Build, findTuned, instructionSets, TUNED } from '../src/passwords/binary.ts'

const require = createRequire(import.meta.url)
const PACKAGE = dirname(require.resolve('argon2/package.json'))

/** Where the build goes; an argument names another folder. */
const FOLDER = process.argv[2] ?? TUNED
const RELEASE = join(FOLDER, 'build/Release')

const CORE = ['argon2', 'blake2/blake2b', 'core', 'encoding', 'thread', process.arch === 'x64' ? 'opt' : 'ref']
const BINARY = join(RELEASE, 'argon2.node')
const MARK = join(FOLDER, 'tuned.json')

/** For an image that is built on one kind of machine and runs on another: `x86-64-v3` is any of the last ten years. */
const MARCH = process.env['TUNE_MARCH'] ?? 'native'

/** GCC's names of the instruction sets that it may use by itself, and /proc/cpuinfo's. */
const SETS: Readonly<Record<string, string>> = {
  SSE3: 'pni',
  SSSE3: 'ssse3',
  SSE4_1: 'sse4_1',
  SSE4_2: 'sse4_2',
  SSE4A: 'sse4a',
  POPCNT: 'popcnt',
  LZCNT: 'abm',
  BMI: 'bmi1',
  BMI2: 'bmi2',
  MOVBE: 'movbe',
  FMA: 'fma',
  FMA4: 'fma4',
  XOP: 'xop',
  F16C: 'f16c',
  AVX: 'avx',
  AVX2: 'avx2',
  AVXVNNI: 'avx_vnni',
  GFNI: 'gfni',
  AVX512F: 'avx512f',
  AVX512CD: 'avx512cd',
  AVX512BW: 'avx512bw',
  AVX512DQ: 'avx512dq',
  AVX512VL: 'avx512vl',
  AVX512IFMA: 'avx512ifma',
  AVX512VBMI: 'avx512vbmi',
  AVX512VBMI2: 'avx512_vbmi2',
  AVX512VNNI: 'avx512_vnni',
  AVX512BITALG: 'avx512_bitalg',
  AVX512VPOPCNTDQ: 'avx512_vpopcntdq',
  AVX512BF16: 'avx512_bf16',
  AVX512FP16: 'avx512_fp16',
}

const isX64 = process.arch === 'x64'
const TARGET = `${isX64 ? '-march' : '-mcpu'}=${MARCH}`

const objectOf = (name: string) => join(RELEASE, `${name.replace('/', '-')}.o`)

/** Removes what an earlier run has written, and nothing else: the folder may be anybody's. */
function removeBuild(): void {
  for (const file of [MARK, BINARY, ...CORE.map(objectOf)]) rmSync(file, { force: true })
}

/** Ends with the one line that says why, and without a fault: the prebuilt binary does the same work. */
function keepPrebuilt(why: string): never {
  removeBuild()
  process.stdout.write(`tune: ${why}; the prebuilt binary stays\n`)
  process.exit(0)
}

function run(command: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' })
  if (status !== 0) keepPrebuilt(`${command} failed: ${(error?.message ?? stderr).trim().split('\n')[0]}`)
  return stdout
}

/** Node-API is the same in every release, so that any release's headers will do. */
function findHeaders(): string {
  const candidates = [
    process.env['npm_config_nodedir'] && join(process.env['npm_config_nodedir'], 'include/node'),
    join(dirname(process.execPath), '../include/node'),
    join(import.meta.dirname, '../node_modules/node-api-headers/include'),
    '/usr/include/node',
  ]
  return (
    candidates.find((folder) => folder && existsSync(join(folder, 'node_api.h'))) || keepPrebuilt('no headers of Node')
  )
}

function neededSets(): string[] {
  if (!isX64) return [...instructionSets()]
  const macros = run('gcc', TARGET, '-dM', '-E', '-x', 'c', '/dev/null')
  return Object.entries(SETS).flatMap(([macro, set]) => (macros.includes(`#define __${macro}__ 1\n`) ? [set] : []))
}

function compile(): void {
  const include = (folder: string) => `-I${folder}`
  const headers = [findHeaders(), require('node-addon-api').include_dir as string, join(PACKAGE, 'argon2/include')]
  const flags = ['-O3', TARGET, '-fPIC', '-fvisibility=hidden', '-pthread', '-DNDEBUG', '-D_FORTIFY_SOURCE=2']
  const napi = ['-DNAPI_VERSION=8', '-DNODE_ADDON_API_DISABLE_DEPRECATED', '-DNODE_API_NO_EXTERNAL_BUFFERS_ALLOWED']
  const objects = CORE.map((name) => {
    const object = objectOf(name)
    run('gcc', '-c', ...flags, '-o', object, ...headers.map(include), join(PACKAGE, `argon2/src/${name}.c`))
    return object
  })
  const binding = join(PACKAGE, 'argon2.cpp')
  run('g++', '-shared', '-std=c++20', ...flags, ...napi, '-o', BINARY, ...headers.map(include), binding, ...objects)
  for (const object of objects) rmSync(object)
}

/** What a process with one of the binaries makes of a password, and how many of them a second on all cores. */
function measure(folder: string): { hash: string; rate: number } {
  const program = `
    const argon2 = require('argon2')
    const one = () => argon2.hash('password', { salt: Buffer.alloc(16, 7), memoryCost: 19456, timeCost: 2, parallelism: 1, raw: true })
    const worker = async (end, made = 0) => { while (performance.now() < end) { await one(); made += 1 } return made }
    void (async () => {
      const hash = (await one()).toString('hex')
      const made = await Promise.all(Array.from({ length: ${availableParallelism()} }, () => worker(performance.now() + 1000)))
      process.stdout.write(JSON.stringify({ hash, rate: made.reduce((sum, each) => sum + each, 0) }))
    })()`
  const env = { ...process.env, ARGON2_PREBUILD: folder, UV_THREADPOOL_SIZE: String(availableParallelism()) }
  const { stdout, status } = spawnSync(process.execPath, ['-e', program], { encoding: 'utf8', env, cwd: PACKAGE })
  return status === 0 ? JSON.parse(stdout) : { hash: '', rate: 0 }
}

if (process.platform !== 'linux') keepPrebuilt('only Linux says what its processor can do')
for (const compiler of ['gcc', 'g++'])
  if (spawnSync(compiler, ['--version']).status !== 0) keepPrebuilt(`there is no ${compiler}`)
removeBuild()
mkdirSync(RELEASE, { recursive: true })
const build: Build = { platform: process.platform, arch: process.arch, march: MARCH, needs: neededSets() }
compile()
const canRun = build.needs.every((need) => instructionSets().has(need))
if (canRun) {
  const rounds = [1, 2, 3].map(() => ({ before: measure(PACKAGE), after: measure(FOLDER) }))
  if (rounds.some(({ before, after }) => after.hash === '' || after.hash !== before.hash))
    keepPrebuilt('what was built hashes wrongly')
  const best = (rates: number[]) => Math.max(...rates)
  const before = best(rounds.map((round) => round.before.rate))
  const after = best(rounds.map((round) => round.after.rate))
  process.stdout.write(`tune: ${before} hashes a second before, ${after} now (${(after / before).toFixed(2)} times)\n`)
}
writeFileSync(MARK, JSON.stringify(build))
const runs = findTuned(FOLDER) ? 'and is used from the next start on' : 'but this machine lacks some of what it needs'
process.stdout.write(`tune: built for ${MARCH}, ${runs}\n`)
