#!/usr/bin/env bash
# ioredis 6.0.0 (beside 5.8.2): by default a command fails only after more than a minute without
# a server, and each connection begins in another protocol.
# Both releases give a command up after 20 reconnections. By the default options the waits between
# them add up to 10.5 s in 5 and to at least 71 s in 6, because they double up to 5 s. 6 begins with HELLO 3 (RESP3),
# 5 did not. The time to connect comes on top. The server here is a stand-in that only listens.
# Output seen (the waits of 6 have a random part, the least is shown):
#   5: waits of 10.5 s in all, first command CLIENT
#   6: waits of 71.4 s in all, first command HELLO
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{}' > package.json
npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error ioredis5@npm:ioredis@5.8.2 ioredis6@npm:ioredis@6.0.0 > /dev/null

cat > check.mjs <<'JS'
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import Redis5 from 'ioredis5';
import Redis6 from 'ioredis6';

const leastWaits = (Redis) => {
  const { retryStrategy, maxRetriesPerRequest } = new Redis({ lazyConnect: true }).options;
  const least = (times) => Math.min(...Array.from({ length: 500 }, () => retryStrategy(times)));
  return Array.from({ length: maxRetriesPerRequest }, (_, i) => least(i + 1)).reduce((a, b) => a + b);
};
const firstCommand = async (Redis) => {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = new Redis({ port: server.address().port, retryStrategy: null });
  client.on('error', () => {});
  const [socket] = await once(server, 'connection');
  const [data] = await once(socket, 'data');
  client.disconnect();
  socket.destroy();
  server.close();
  return data.toString().split('\r\n')[2].toUpperCase();
};
const seen = {};
for (const [release, Redis] of Object.entries({ 5: Redis5, 6: Redis6 })) {
  seen[release] = { waits: leastWaits(Redis), command: await firstCommand(Redis) };
  const { waits, command } = seen[release];
  console.log(`${release}: waits of ${(waits / 1000).toFixed(1)} s in all, first command ${command}`);
}
assert.deepEqual(seen[5], { waits: 10_500, command: 'CLIENT' });
assert.ok(seen[6].waits >= 71_000 && seen[6].waits < 73_000);
assert.equal(seen[6].command, 'HELLO');
JS
node check.mjs
