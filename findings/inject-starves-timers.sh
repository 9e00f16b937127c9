#!/usr/bin/env bash
# fastify 5.12.8 with its light-my-request: a loop of awaited app.inject() calls lets no timer
# and no setImmediate run.
# Each call is settled by process.nextTick and promises alone, so control never gets back to the
# event loop. A test that loops "until the background job has run" by inject() waits for ever,
# and whatever is measured under such load measures nothing but the loop.
# Output seen (the first number depends on the machine):
#   after 5105 requests in half a second: setImmediate ran: false, a timer of 1 ms ran: false
#   after one turn of the event loop: setImmediate ran: true
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{}' > package.json
npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error fastify@5.12.8 > /dev/null

cat > check.mjs <<'JS'
import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import Fastify from 'fastify';

const app = Fastify();
app.get('/', async () => 'hello');
await app.ready();

let immediate = false;
let timer = false;
setImmediate(() => (immediate = true));
setTimeout(() => (timer = true), 1);
const end = performance.now() + 500;
let requests = 0;
while (performance.now() < end) {
  await app.inject('/');
  requests++;
}
console.log(
  `after ${requests} requests in half a second: setImmediate ran: ${immediate}, a timer of 1 ms ran: ${timer}`,
);
assert.deepEqual([immediate, timer], [false, false]);
await wait(5);
console.log(`after one turn of the event loop: setImmediate ran: ${immediate}`);
assert.ok(immediate);
JS
node check.mjs
