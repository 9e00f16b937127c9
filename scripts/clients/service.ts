/** The service that clients are driven over, and the same one as a later edition would answer. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export interface Running {
  url: string
  stop: () => void
}

const addressOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return addressOf(server)
}

/** Answers as a later edition: with an action, a code and a member that nobody knows yet. */
export async function startLaterEdition(url: string): Promise<Running> {
  const server = createServer(async (request, response) => {
    const authorization = request.headers.authorization ?? ''
    const answer = await fetch(`${url}${request.url}`, { headers: { authorization } })
    const body = (await answer.text()).replaceAll(/"(action|code)":"[^"]*"/g, '"added_later":1,"$1":"added.later"')
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' }).end(body)
  })
  return { url: await listen(server), stop: () => server.close() }
}

/** A port that was free a moment ago. */
async function freePort(): Promise<string> {
  const server = createServer()
  const { port } = new URL(await listen(server))
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function isReady(url: string): Promise<boolean> {
  const answer = await fetch(`${url}/health/ready`).catch(() => undefined)
  return answer?.ok === true
}

/** Starts the service on a database in memory; throws when it is not ready within 30 s. */
export async function startService(): Promise<Running> {
  const port = await freePort()
  const mails = mkdtempSync(join(tmpdir(), 'latchkey-mail-'))
  const env = {
    PATH: process.env['PATH'],
    HOST: '127.0.0.1',
    PORT: port,
    DATABASE_URL: 'sqlite::memory:',
    JWT_KEY: 'a master key for clients, of more than 32 bytes',
    RATE_LIMIT: 'off',
    ARGON2_MEMORY: '1024',
    ARGON2_TIME: '1',
    ARGON2_PARALLELISM: '1',
    PASSWORD_POLICY: 'length',
    LOG_LEVEL: 'silent',
    MAIL_DIR: mails,
  }
  const args = ['--import', './src/runtime.js', 'src/server.ts']
  const child = spawn(process.execPath, args, { cwd: ROOT, env, stdio: 'ignore' })
  const url = `http://127.0.0.1:${port}`
  const stop = () => void child.kill()
  child.once('exit', () => rmSync(mails, { recursive: true, force: true }))
  for (let tries = 0; tries < 150 && child.exitCode === null; tries++) {
    if (await isReady(url)) return { url, stop }
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  stop()
  throw new Error('the service did not start')
}
