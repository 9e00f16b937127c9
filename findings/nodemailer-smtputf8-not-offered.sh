#!/usr/bin/env bash
# nodemailer 10.6.0: an address with letters outside ASCII before the @ is sent raw to a server
# that did not offer SMTPUTF8, and the sending is reported as accepted.
# RFC 6531 allows such an address only after the offer. nodemailer neither refuses nor warns: what
# becomes of the message is up to the server. The server here is a small stand-in of this script.
# Output seen:
#   the server offers: 8BITMIME
#   the client says: RCPT TO:<änn@example.org>
#   accepted: ["änn@example.org"], rejected: []
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{}' > package.json
npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error nodemailer@10.6.0 > /dev/null

cat > check.mjs <<'JS'
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import readline from 'node:readline';
import nodemailer from 'nodemailer';

const heard = [];
const server = net.createServer((socket) => {
  let inBody = false;
  const say = (text) => socket.write(`${text}\r\n`);
  say('220 mail.example.org ESMTP');
  readline.createInterface({ input: socket }).on('line', (line) => {
    if (inBody && line !== '.') return;
    heard.push(line);
    inBody = line === 'DATA';
    if (line.startsWith('EHLO')) say('250-mail.example.org\r\n250 8BITMIME');
    else if (inBody) say('354 go on');
    else if (line === 'QUIT') socket.end('221 bye\r\n');
    else say('250 ok');
  });
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');

const transport = nodemailer.createTransport({ host: '127.0.0.1', port: server.address().port, ignoreTLS: true });
const sent = await transport.sendMail({ from: 'post@example.org', to: 'änn@example.org', text: 'Hello' });
server.close();

const recipient = heard.find((line) => line.startsWith('RCPT'));
console.log('the server offers: 8BITMIME');
console.log(`the client says: ${recipient}`);
console.log(`accepted: ${JSON.stringify(sent.accepted)}, rejected: ${JSON.stringify(sent.rejected)}`);
assert.equal(recipient, 'RCPT TO:<änn@example.org>');
assert.deepEqual(sent.accepted, ['änn@example.org']);
assert.deepEqual(sent.rejected, []);
JS
node check.mjs
