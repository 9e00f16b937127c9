/** A load balancer that looks at readiness, and nodes behind it that are replaced one after the other. */
import { Agent, createServer, get, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import type { Test } from 'tap'
import { CHEAP_HASH, type Environment } from './app.ts'
import { type Child, emptyFolder, PROJECT, startChild } from './child.ts'
import { startLoad } from './load.ts'
import { freePort } from './ports.ts'
import { eventually } from './wait.ts'

/** How often the balancer looks, in ms; a node says that it is not ready for 2 s before it closes its door. */
const LOOK = 200

interface Node {
  port: number
  ready: boolean
  agent: Agent
}

/** Whether a node says that it should be sent requests. */
export const isReady = ({ port }: Pick<Node, 'port'>) =>
  new Promise<boolean>((resolve) => {
    const asked = get({ host: '127.0.0.1', port, path: '/health/ready', agent: false }, (answer) => {
      answer.resume()
      resolve(answer.statusCode === 200)
    })
    asked.once('error', () => resolve(false))
  })

/** Sends requests to the nodes that are ready, in turn, over connections that it keeps; tries none again. */
export async function startBalancer(t: Test, ports: readonly number[]): Promise<{ base: string; nodes: Node[] }> {
  const nodes = ports.map((port): Node => ({ port, ready: false, agent: new Agent({ keepAlive: true }) }))
  let turn = 0
  const server = createServer((incoming, outgoing) => {
    const ready = nodes.filter((node) => node.ready)
    turn += 1
    const node = ready[turn % ready.length]
    if (!node) {
      outgoing.writeHead(502).end('nobody is ready')
      return
    }
    const { method, url, headers } = incoming
    const options = { host: '127.0.0.1', port: node.port, agent: node.agent, method, path: url, headers }
    const onward = request({ ...options, headers: { ...headers, connection: 'keep-alive' } }, (answer) => {
      const { connection: _, ...rest } = answer.headers
      outgoing.writeHead(answer.statusCode ?? 502, rest)
      answer.pipe(outgoing)
    })
    onward.once('error', (error) => outgoing.writeHead(502).end(String(error)))
    incoming.pipe(onward)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  let looking = true
  const look = async (node: Node) => {
    while (looking) {
      node.ready = await isReady(node)
      await after(LOOK)
    }
  }
  const looks = nodes.map(look)
  t.teardown(async () => {
    looking = false
    server.close()
    server.closeAllConnections()
    for (const { agent } of nodes) agent.destroy()
    await Promise.all(looks)
  })
  return { base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, nodes }
}

/** Where a node of some version is started: a folder of its own, and the program in it. */
export interface Build {
  /** the program, by its path */
  server: string
  cli: string
}

/** The sources of this checkout. */
export const THIS_VERSION: Build = { server: join(PROJECT, 'src/server.ts'), cli: join(PROJECT, 'src/cli.ts') }

/** Starts a node of a build. */
export function launch(t: Test, { server }: Build, environment: Environment, port: number): Child {
  const env = { ...environment, ...CHEAP_HASH, NODE_ENV: 'production', PORT: String(port) }
  return startChild(t, { args: [server], cwd: emptyFolder(t), env })
}

/** Starts two nodes, and under load replaces one after the other. @returns what failed, one line a request */
export async function roll(t: Test, environment: Environment, from: Build, to: Build): Promise<string[]> {
  const ports = [await freePort(), await freePort()] as const
  const running = ports.map((port) => launch(t, from, environment, port))
  const { base, nodes } = await startBalancer(t, ports)
  const allReady = () => nodes.every(({ ready }) => ready)
  await eventually(allReady, 60_000)
  const load = await startLoad(t, base)
  for (const [index, port] of ports.entries()) {
    running[index]?.process.kill('SIGTERM')
    t.equal((await running[index]?.ended)?.code, 0)
    const before = load.answered()
    await eventually(() => load.answered() > before + 50, 60_000)
    launch(t, to, environment, port)
    await eventually(allReady, 60_000)
  }
  const before = load.answered()
  await eventually(() => load.answered() > before + 50, 60_000)
  return load.stop()
}
