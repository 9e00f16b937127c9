#!/usr/bin/env bash
# smtp-server 3.21.6: a recipient in Punycode is handed over in UTF-8, and one in quotes is refused.
# A sender that may not use SMTPUTF8 writes a domain with umlauts in Punycode (RFC 5891). onRcptTo()
# gets it decoded, so an address that was stored as it was sent is not found. A local part in quotes
# is an address like others (RFC 5321, 4.1.2), and is answered by 501 before onRcptTo() is asked.
# Output seen:
#   RCPT TO:<ann@example.org>: 250, handed over as ann@example.org
#   RCPT TO:<ann@xn--bcher-kva.example>: 250, handed over as ann@bücher.example
#   RCPT TO:<"ann b"@example.org>: 501, not handed over
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{}' > package.json
npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error smtp-server@3.21.6 > /dev/null

cat > check.mjs <<'JS'
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { createInterface } from 'node:readline';
import { SMTPServer } from 'smtp-server';

let handed;
const server = new SMTPServer({
  authOptional: true,
  disabledCommands: ['STARTTLS'],
  onRcptTo({ address }, _session, done) {
    handed = address;
    done();
  },
});
server.listen(0, '127.0.0.1');
await once(server.server, 'listening');
const socket = net.connect(server.server.address().port, '127.0.0.1');
const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
const code = async () => {
  for (;;) {
    const { value } = await lines.next();
    if (value[3] === ' ') return value.slice(0, 3);
  }
};
const ask = (line) => {
  socket.write(`${line}\r\n`);
  return code();
};

await code();
await ask('EHLO client.example.org');
await ask('MAIL FROM:<bob@example.org>');
const seen = [];
for (const to of ['ann@example.org', 'ann@xn--bcher-kva.example', '"ann b"@example.org']) {
  handed = undefined;
  const answer = await ask(`RCPT TO:<${to}>`);
  console.log(`RCPT TO:<${to}>: ${answer}, ${handed ? `handed over as ${handed}` : 'not handed over'}`);
  seen.push([answer, handed]);
}
await ask('QUIT');
socket.destroy();
server.close();
assert.deepEqual(seen, [
  ['250', 'ann@example.org'],
  ['250', 'ann@bücher.example'],
  ['501', undefined],
]);
JS
node check.mjs
