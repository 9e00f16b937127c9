#!/usr/bin/env bash
# ldapts 9.2.0 (Node 24.21.0): an escaped byte from 80 on in a filter text is sent as two bytes.
# RFC 4515 writes the letter ä as its two bytes, \c3\a4. ldapts takes each escape for a letter and
# encodes it as UTF-8 once more, so the server is asked for another name and finds nobody, without
# an error. The letter written plainly, and a filter built as an object, are sent rightly.
# The server here is a stand-in that only looks at the bytes of the request.
# Output seen:
#   text with escapes: 42c383c2a472
#   text with the letter: 42c3a472
#   object: 42c3a472
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{}' > package.json
node24="node-$(node -p 'process.platform + "-" + process.arch')"
npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error ldapts@9.2.0 "$node24@24.21.0" > /dev/null

cat > check.mjs <<'JS'
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { Client, EqualityFilter } from 'ldapts';

let request;
const server = net.createServer((socket) =>
  socket.on('data', (data) => {
    request = data;
    socket.destroy();
  }),
);
server.listen(0, '127.0.0.1');
await once(server, 'listening');

/** The value that the search request asks `sn` for: a length and so many bytes after the name. */
const sentFor = async (filter) => {
  const client = new Client({ url: `ldap://127.0.0.1:${server.address().port}`, timeout: 2000 });
  await client.search('dc=example,dc=org', { filter }).catch(() => {});
  const at = request.indexOf('sn') + 'sn'.length + 1;
  return request.subarray(at + 1, at + 1 + request[at]).toString('hex');
};
const escaped = await sentFor('(sn=B\\c3\\a4r)');
const plain = await sentFor('(sn=Bär)');
const object = await sentFor(new EqualityFilter({ attribute: 'sn', value: 'Bär' }));
server.close();

console.log(`text with escapes: ${escaped}`);
console.log(`text with the letter: ${plain}`);
console.log(`object: ${object}`);
const right = Buffer.from('Bär').toString('hex');
assert.equal(escaped, '42c383c2a472');
assert.equal(plain, right);
assert.equal(object, right);
JS
"node_modules/$node24/bin/node" check.mjs
