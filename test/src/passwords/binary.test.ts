/** Which argon2 binary runs, and that the service knows. */
import { copyFileSync, existsSync, globSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { type Build, findTuned, instructionSets } from '../../../src/passwords/binary.ts'
import { startApp } from '../../support/app.ts'
import { emptyFolder, PROJECT, startChild } from '../../support/child.ts'
import { eventually } from '../../support/wait.ts'

const PACKAGE = join(PROJECT, 'node_modules/argon2')

/** A folder with the binary of the package, as a build would have put it there, and what that would say of itself. */
function tunedFolder(t: Test, says: Partial<Build> | undefined): string {
  const folder = join(emptyFolder(t), 'argon2/tuned')
  const libc = existsSync('/etc/alpine-release') ? 'musl' : 'glibc'
  const [binary = ''] = globSync(`${PACKAGE}/prebuilds/${process.platform}-${process.arch}/*.${libc}.node`)
  const target = join(folder, 'build/Release/argon2.node')
  mkdirSync(dirname(target), { recursive: true })
  copyFileSync(binary, target)
  const { platform, arch } = process
  if (says)
    writeFileSync(join(folder, 'tuned.json'), JSON.stringify({ platform, arch, march: 'native', needs: [], ...says }))
  return folder
}

/** Lets a process hash over a folder's binary, and say which it was. */
async function whichRuns(t: Test, folder: string): Promise<{ kind: string; path: string }> {
  const program = `
    import argon2 from '${PROJECT}/src/passwords/argon2.ts'
    import { loadedBinary } from '${PROJECT}/src/passwords/binary.ts'
    if (!await argon2.verify(await argon2.hash('a password'), 'a password')) throw new Error('it hashes wrongly')
    process.stdout.write(JSON.stringify(loadedBinary()))`
  const args = ['--input-type=module', '-e', program]
  const { stdout, stderr } = await startChild(t, { args, cwd: PROJECT, env: { ARGON2_PREBUILD: folder } }).ended
  t.equal(stderr, '')
  return JSON.parse(stdout)
}

t.test('the binary that runs is named for what it is', async (t) => {
  const prebuilt = await whichRuns(t, PACKAGE)
  t.match(prebuilt, { kind: /^(prebuilt|built)$/, path: `${PACKAGE}/` })
  t.equal(prebuilt.kind === 'prebuilt', prebuilt.path.includes('/prebuilds/'))
  const folder = tunedFolder(t, {})
  t.match(await whichRuns(t, folder), { kind: 'tuned', path: folder, march: 'native' })
  t.match(await whichRuns(t, tunedFolder(t, undefined)), { kind: 'built' })
})

t.test('a build is used only where the machine can run it', async (t) => {
  const host = new Set(['sse2', 'avx2'])
  t.match(findTuned(tunedFolder(t, { needs: ['avx2'] }), host), { march: 'native' })
  t.equal(findTuned(tunedFolder(t, { needs: ['avx2', 'avx512f'] }), host), undefined, 'an older processor')
  t.equal(findTuned(tunedFolder(t, { arch: 'pdp11' }), host), undefined)
  t.equal(findTuned(tunedFolder(t, { platform: 'win32' }), host), undefined)
  t.equal(findTuned(tunedFolder(t, undefined), host), undefined, 'half a build')
  t.equal(findTuned(join(emptyFolder(t), 'nowhere'), host), undefined)
})

t.test('the machine says what its processor can do', async (t) => {
  t.equal(instructionSets().size > 5, process.platform === 'linux')
})

t.test('without a compiler the prebuilt binary stays, and that is no fault', async (t) => {
  const folder = join(emptyFolder(t), 'tuned')
  const script = join(PROJECT, 'scripts/tune.ts')
  const { code, stdout } = await startChild(t, { args: [script, folder], cwd: PROJECT, env: { PATH: '/nowhere' } })
    .ended
  t.equal(code, 0)
  t.match(stdout, /^tune: (there is no gcc|only Linux says.*); the prebuilt binary stays\n$/)
  t.notOk(existsSync(folder))
})

t.test('soon after the start the log says what a hash costs, and which binary makes it', async (t) => {
  const app = await startApp(t)
  await app.listen({ host: '127.0.0.1', port: 0 })
  t.notMatch(app.logged(), 'what a password hash costs', 'it does not hold up the start')
  await eventually(() => app.logged().includes('what a password hash costs'))
  const line = app
    .logged()
    .split('\n')
    .find((each) => each.includes('what a password hash costs'))
  const { ms, argon2 } = JSON.parse(line ?? '')
  t.ok(ms > 0 && ms < 10_000, `${ms} ms`)
  t.match(argon2, /^(prebuilt, for any processor|built for this machine|built on this machine)/)
})
