#!/usr/bin/env bash
# ldapts 9.2.0 (Node 24.21.0): an entry has attributes that no server sent, with an empty list as value.
# Every name that was asked for and is not among the answers is filled in as []. The special names * and
# 1.1 (RFC 4511, 4.5.1.8) and + (RFC 3673) become attributes of the entry that way. A certificate, asked for by its
# name, comes with the option ;binary (RFC 4523) and a text with its language (RFC 3866), so the name that
# was asked for is empty beside the value. Without a list of names nothing is filled in.
# The server here is a stand-in that answers each search with the same entry.
# Output seen:
#   asked for nothing: {"userCertificate;binary":"bytes","description;lang-de":"hallo"}
#   asked for *,+: {"userCertificate;binary":"bytes","description;lang-de":"hallo","*":[],"+":[]}
#   asked for userCertificate,description: {"userCertificate;binary":"bytes","description;lang-de":"hallo","userCertificate":[],"description":[]}
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
import { Client } from 'ldapts';

/** A BER value of less than 128 bytes: its tag, its length and its parts. */
const ber = (tag, ...parts) => {
  const value = Buffer.concat(parts.map((part) => Buffer.from(part)));
  return Buffer.concat([Buffer.of(tag, value.length), value]);
};
const attribute = (name, value) => ber(0x30, ber(0x04, name), ber(0x31, ber(0x04, value)));
const entry = ber(
  0x64,
  ber(0x04, 'cn=ann'),
  ber(0x30, attribute('userCertificate;binary', [0x30, 0x00]), attribute('description;lang-de', 'hallo')),
);
const done = ber(0x65, [0x0a, 1, 0], ber(0x04), ber(0x04));
const server = net.createServer((socket) =>
  socket.on('data', (data) => {
    const at = data.indexOf(0x02); // the number of the message comes first
    const id = ber(0x02, data.subarray(at + 2, at + 2 + data[at + 1]));
    if (data[at + 2 + data[at + 1]] !== 0x63) return socket.end(); // no search
    socket.write(Buffer.concat([ber(0x30, id, entry), ber(0x30, id, done)]));
  }),
);
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const client = new Client({ url: `ldap://127.0.0.1:${server.address().port}`, timeout: 2000 });

const sent = { 'userCertificate;binary': 'bytes', 'description;lang-de': 'hallo' };
const expected = [
  [[], sent],
  [['*', '+'], { ...sent, '*': [], '+': [] }],
  [['userCertificate', 'description'], { ...sent, userCertificate: [], description: [] }],
];
const seen = [];
for (const [attributes] of expected) {
  const { searchEntries } = await client.search('dc=example,dc=org', { attributes });
  const { dn: _, ...found } = searchEntries[0];
  for (const [name, value] of Object.entries(found)) if (Buffer.isBuffer(value)) found[name] = 'bytes';
  console.log(`asked for ${attributes.join() || 'nothing'}: ${JSON.stringify(found)}`);
  seen.push(found);
}
await client.unbind();
server.close();
assert.deepEqual(seen, expected.map(([, entry]) => entry));
JS
"node_modules/$node24/bin/node" check.mjs
