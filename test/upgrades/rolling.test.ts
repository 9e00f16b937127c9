/** Nodes of the last release and of this version on one database. */
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type Environment, JWT_KEY, onPostgres, somebody, testEnvironment } from '../support/app.ts'
import { type Build, isReady, launch, roll, THIS_VERSION } from '../support/balancer.ts'
import { emptyFolder, startChild } from '../support/child.ts'
import { freePort } from '../support/ports.ts'
import { newPostgresDatabase } from '../support/postgres.ts'
import { LAST_RELEASE, unpackBuild } from '../support/releases.ts'
import { call } from '../support/service.ts'
import { eventually } from '../support/wait.ts'

function lastRelease(t: Test): Build {
  const folder = unpackBuild(t, LAST_RELEASE)
  return { server: join(folder, 'dist/server.mjs'), cli: join(folder, 'dist/cli.mjs') }
}

const command = (t: Test, { cli }: Build, environment: Environment, ...args: string[]) =>
  startChild(t, { args: [cli, ...args], cwd: emptyFolder(t), env: environment }).ended

/** A database that the last release has made. */
async function oldDatabase(t: Test, old: Build): Promise<Environment> {
  const environment = testEnvironment(t)
  if (onPostgres()) environment['DATABASE_URL'] = newPostgresDatabase(t, { migrated: false })
  t.match(await command(t, old, environment, 'db', 'create'), { code: 0, stderr: '' })
  return environment
}

t.test('an upgrade under load, node by node, fails no request, and every session lives on', async (t) => {
  const old = lastRelease(t)
  t.strictSame(await roll(t, await oldDatabase(t, old), old, THIS_VERSION), [])
})

t.test('so does the way back', async (t) => {
  const old = lastRelease(t)
  t.strictSame(await roll(t, await oldDatabase(t, old), THIS_VERSION, old), [])
})

t.test('a session that began on one version is known on the other, and ends on both', async (t) => {
  const old = lastRelease(t)
  const environment = await oldDatabase(t, old)
  const [one, other] = await startBoth(t, old, environment)
  for (const [here, there] of [
    [one, other],
    [other, one],
  ] as const) {
    const { body } = await call<{ access_token: string; refresh_token: string }>(`${here}/auth/register`, somebody())
    const authorization = { authorization: `Bearer ${body.access_token}` }
    for (const base of [here, there]) t.equal((await call(`${base}/users/me`, undefined, authorization)).status, 200)
    const { refresh_token } = (
      await call<{ refresh_token: string }>(`${there}/auth/refresh`, { refresh_token: body.refresh_token })
    ).body
    t.equal((await call(`${here}/auth/logout`, { refresh_token })).status, 200)
    for (const base of [there, here]) t.equal((await call(`${base}/users/me`, undefined, authorization)).status, 401)
  }
  // both have written to the log, and either may have sealed what the other wrote
  await eventually(async () => {
    const { code, stdout } = await command(t, THIS_VERSION, environment, 'audit', 'verify')
    t.equal(code, 0)
    return / 0 wait for their number/.test(stdout)
  }, 30_000)
})

t.test('when the upgrade is finished, a node of the last release serves nobody, and starts no more', async (t) => {
  const old = lastRelease(t)
  const environment = await oldDatabase(t, old)
  const [before, after] = await startBoth(t, old, environment)
  const ready = (base: string) => isReady({ port: Number(new URL(base).port) })
  t.match(await command(t, THIS_VERSION, environment, 'upgrade', 'status'), { code: 0, stdout: /is not finished/ })
  t.match(await command(t, THIS_VERSION, environment, 'upgrade', 'finish'), { code: 2, stderr: /needs --yes/ })
  t.strictSame([await ready(before), await ready(after)], [true, true])
  t.match(await command(t, THIS_VERSION, environment, 'upgrade', 'finish', '--yes'), {
    code: 0,
    stdout: /is finished\n/,
  })
  await eventually(async () => !(await ready(before)))
  t.equal((await call(`${before}/auth/register`, somebody())).status, 503)
  t.equal(await ready(after), true)
  t.equal((await call(`${after}/auth/register`, somebody())).status, 201)
  t.match(await command(t, THIS_VERSION, environment, 'upgrade', 'status'), { code: 0, stdout: /is finished\n$/ })
  const again = await launch(t, old, environment, await freePort()).ended
  t.match(again, {
    code: 1,
    stderr: new RegExp(`^latchkey: The upgrade to .* is finished: this is version ${LAST_RELEASE}`),
  })
})

/** The base of the API of a node of either version on one database, the old one first. */
async function startBoth(t: Test, old: Build, environment: Environment): Promise<[string, string]> {
  const ports = [await freePort(), await freePort()] as const
  for (const [index, build] of [old, THIS_VERSION].entries()) {
    const port = ports[index] ?? 0
    launch(t, build, { ...environment, JWT_KEY }, port)
    await eventually(() => isReady({ port }), 60_000)
  }
  return [`http://127.0.0.1:${ports[0]}/api/v1`, `http://127.0.0.1:${ports[1]}/api/v1`]
}
