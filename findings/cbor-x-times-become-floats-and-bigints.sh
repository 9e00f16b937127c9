#!/usr/bin/env bash
# cbor-x 1.6.9 (beside cbor2 2.3.0): integers from 2^32 on are written as floating point numbers and
# read as bigint.
# A time in milliseconds is an integer that JavaScript holds exactly. cbor2 writes it as an integer of
# 64 bits, cbor-x as a float (fb), which RFC 8949 (4.2.2) counts as the same only where a protocol says
# so. The other way round, such a time that another library wrote as an integer comes out of cbor-x as a
# bigint, with which one cannot compute among numbers and cannot write JSON; cbor2 reads it as a number.
# Output seen:
#   1767261600: cbor-x writes 1a695645a0, cbor2 writes 1a695645a0, cbor-x reads a number
#   1767261600000: cbor-x writes fb4279b78fff900000, cbor2 writes 1b0000019b78fff900, cbor-x reads a bigint
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{}' > package.json
npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error cbor-x@1.6.9 cbor2@2.3.0 > /dev/null

cat > check.mjs <<'JS'
import assert from 'node:assert/strict';
import * as cborX from 'cbor-x';
import * as cbor2 from 'cbor2';

const hex = (bytes) => Buffer.from(bytes).toString('hex');
const seen = [];
for (const time of [1_767_261_600, 1_767_261_600_000]) {
  const [first, second] = [cborX.encode(time), cbor2.encode(time)];
  const type = typeof cborX.decode(second);
  console.log(`${time}: cbor-x writes ${hex(first)}, cbor2 writes ${hex(second)}, cbor-x reads a ${type}`);
  assert.deepEqual([cbor2.decode(first), cbor2.decode(second)], [time, time]);
  seen.push([hex(first), hex(second), type]);
}
assert.deepEqual(seen, [
  ['1a695645a0', '1a695645a0', 'number'],
  ['fb4279b78fff900000', '1b0000019b78fff900', 'bigint'],
]);
JS
node check.mjs
