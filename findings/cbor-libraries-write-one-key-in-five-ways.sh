#!/usr/bin/env bash
# cbor 10.0.12, cbor-x 1.6.9 and cbor2 2.3.0: one COSE key, as WebAuthn has it, becomes other bytes by
# the library and by the class of a byte string.
# A Buffer is a Uint8Array, so one may expect a plain map (a1) with a byte string (41) of both, as a key
# has in RFC 9052. cbor and cbor-x put tag 64 (d840) before a Uint8Array, cbor-x puts tag 259 (d90103)
# before the map as well, and cbor2 writes a Buffer as the object that JSON would make of it. No class of
# bytes is right in all of them.
# Output seen, for the map of -2 to the one byte 01:
#   cbor: Buffer a1214101, Uint8Array a121d8404101
#   cbor-x: Buffer d90103a1214101, Uint8Array d90103a121d8404101
#   cbor2: Buffer a121a264747970656642756666657264646174618101, Uint8Array a1214101
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{}' > package.json
npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error cbor@10.0.12 cbor-x@1.6.9 cbor2@2.3.0 > /dev/null

cat > check.mjs <<'JS'
import assert from 'node:assert/strict';
import cbor from 'cbor';
import * as cborX from 'cbor-x';
import * as cbor2 from 'cbor2';

const seen = {};
for (const [name, { encode }] of Object.entries({ cbor, 'cbor-x': cborX, cbor2 })) {
  const written = (bytes) => Buffer.from(encode(new Map([[-2, bytes]]))).toString('hex');
  seen[name] = [written(Buffer.of(1)), written(Uint8Array.of(1))];
  console.log(`${name}: Buffer ${seen[name][0]}, Uint8Array ${seen[name][1]}`);
}
const json = `a264${Buffer.from('type').toString('hex')}66${Buffer.from('Buffer').toString('hex')}64${Buffer.from('data').toString('hex')}8101`;
assert.deepEqual(seen, {
  cbor: ['a1214101', 'a121d8404101'],
  'cbor-x': ['d90103a1214101', 'd90103a121d8404101'],
  cbor2: [`a121${json}`, 'a1214101'],
});
JS
node check.mjs
