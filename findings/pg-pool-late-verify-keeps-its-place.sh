#!/usr/bin/env bash
# pg-pool 3.14.0: a connection that is still being verified when its caller's time is over
# keeps its place in the pool for good.
# With the options `verify` and `connectionTimeoutMillis`, a caller who waits in the queue gets an
# error when the time is over. When verify() then succeeds, the client is handed to nobody, is not
# idle and is never released: it counts against `max` until the process ends. A pool whose checks
# were slow once has fewer places afterwards. Shown without a server, by the pool's `Client` option.
# Output seen:
#   while the check is slow: timeout exceeded when trying to connect; timeout exceeded when trying to connect
#   all 4 checks have ended: total 2, idle 0, waiting 0
#   afterwards: timeout exceeded when trying to connect
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{}' > package.json
npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error pg-pool@3.14.0 pg@8.23.1 > /dev/null

cat > check.mjs <<'JS'
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import Pool from 'pg-pool';

/** Stands in for a connection that always works. */
class Client extends EventEmitter {
  _queryable = true;
  connect(done) {
    setImmediate(done);
  }
  isConnected() {
    return true;
  }
  end(done) {
    this.emit('end');
    done?.();
  }
}

let checkTakes = 0;
let checked = 0;
const verify = (_client, done) =>
  setTimeout(() => {
    checked++;
    done();
  }, checkTakes);
const pool = new Pool({ Client, max: 2, connectionTimeoutMillis: 100, verify });
const connect = () => pool.connect().then(() => 'connected', (error) => error.message);
// The pool's own timers do not keep the process alive.
const alive = setInterval(() => {}, 1000);

const first = [await pool.connect(), await pool.connect()];
checkTakes = 400;
const queue = Promise.all([connect(), connect()]);
for (const client of first) client.release(true);
const slow = await queue;
console.log(`while the check is slow: ${slow.join('; ')}`);

await wait(800);
checkTakes = 0;
const counts = `total ${pool.totalCount}, idle ${pool.idleCount}, waiting ${pool.waitingCount}`;
console.log(`all ${checked} checks have ended: ${counts}`);
const later = await connect();
console.log(`afterwards: ${later}`);
clearInterval(alive);

const timeout = 'timeout exceeded when trying to connect';
assert.deepEqual(slow, [timeout, timeout]);
assert.equal(checked, 4);
assert.equal(counts, 'total 2, idle 0, waiting 0');
assert.equal(later, timeout);
JS
node check.mjs
