/** Sets of real redis-servers: one that Sentinel watches, and a cluster. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import type { Test } from 'tap'
import { freePort } from './ports.ts'
import { type RedisServer, startRedis } from './redis.ts'
import { eventually } from './wait.ts'

const SLOTS = 16_384

/** Asks one server, over a connection of its own. */
async function asking<T>(port: number, ask: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(port, '127.0.0.1')
  client.on('error', () => {})
  try {
    return await ask(client)
  } finally {
    client.disconnect()
  }
}

async function start(t: Test, options: readonly string[] = []): Promise<RedisServer> {
  const server = await startRedis(undefined, { options })
  t.teardown(() => server.stop())
  return server
}

/** A master, its replica, and three sentinels that put the one in the place of the other after 1 s. */
export async function startSentinels(t: Test): Promise<{ url: string; master: RedisServer; replica: RedisServer }> {
  const master = await start(t)
  const replica = await start(t, ['--replicaof', '127.0.0.1', String(master.port)])
  await eventually(() => asking(replica.port, async (r) => (await r.info()).includes('master_link_status:up')))
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-sentinel-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const sentinels: RedisServer[] = []
  for (const number of [1, 2, 3]) {
    // a sentinel writes into its file
    const file = join(folder, `${number}.conf`)
    const rules = [
      `monitor mymaster 127.0.0.1 ${master.port} 2`,
      'down-after-milliseconds mymaster 1000',
      'failover-timeout mymaster 5000',
    ]
    writeFileSync(file, rules.map((rule) => `sentinel ${rule}\n`).join(''))
    const server = await startRedis(undefined, { file, options: ['--sentinel'] })
    t.teardown(() => server.stop())
    sentinels.push(server)
  }
  const knowsAll = async (sentinel: Redis) => {
    const info = await sentinel.info()
    return /slaves=1,sentinels=3/.test(info)
  }
  for (const { port } of sentinels) await eventually(() => asking(port, knowsAll))
  return {
    url: `redis+sentinel://${sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',')}/mymaster/0`,
    master,
    replica,
  }
}

/** Three masters that share the slots. */
export async function startCluster(t: Test): Promise<{ url: string; nodes: RedisServer[] }> {
  const nodes: RedisServer[] = []
  for (let count = 0; count < 3; count += 1) {
    const bus = String(await freePort())
    nodes.push(await start(t, ['--cluster-enabled', 'yes', '--cluster-port', bus, '--cluster-node-timeout', '2000']))
  }
  const [first] = nodes
  const share = Math.ceil(SLOTS / nodes.length)
  for (const [index, node] of nodes.entries()) {
    await asking(node.port, async (client) => {
      const last = Math.min(SLOTS, share * (index + 1)) - 1
      await client.call('CLUSTER', 'ADDSLOTSRANGE', share * index, last)
      // each needs a number of its own, and takes a moment to settle that by itself
      await client.call('CLUSTER', 'SET-CONFIG-EPOCH', index + 1)
      if (node !== first) {
        const bus = /cluster-port\s+(\d+)/.exec(
          String(await asking(Number(first?.port), (r) => r.config('GET', 'cluster-port'))).replaceAll(',', ' '),
        )?.[1]
        await client.call('CLUSTER', 'MEET', '127.0.0.1', Number(first?.port), Number(bus))
      }
    })
  }
  const isWhole = async (client: Redis) => {
    const info = String(await client.call('CLUSTER', 'INFO'))
    return /cluster_state:ok/.test(info) && /cluster_known_nodes:3/.test(info)
  }
  for (const { port } of nodes) await eventually(() => asking(port, isWhole))
  return { url: `redis+cluster://${nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}`, nodes }
}
