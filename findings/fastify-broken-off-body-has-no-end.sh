#!/usr/bin/env bash
# fastify 5.12.8: a request whose body is broken off has a beginning in the log and no end.
# The client closes the connection before its whole body is sent. The hooks onError,
# onRequestAbort, then the error handler and onSend are called; onResponse never is, and the line
# "request completed" is never written. What is counted up in onRequest and down in onResponse
# (requests in flight, durations) never comes down for these requests.
# Output seen:
#   whole body:  onRequest, preParsing, preHandler, onSend, onResponse
#                incoming request, request completed
#   broken off:  onRequest, preParsing, onError, onRequestAbort, error handler, onSend
#                incoming request
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{}' > package.json
npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error fastify@5.12.8 > /dev/null

cat > check.mjs <<'JS'
import assert from 'node:assert/strict';
import net from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import Fastify from 'fastify';

let called = [];
let lines = [];
const log = { write: (line) => lines.push(JSON.parse(line).msg) };
const app = Fastify({ logger: { level: 'info', stream: log } });
for (const hook of ['onRequest', 'preHandler', 'onRequestAbort', 'onResponse'])
  app.addHook(hook, async (_request) => void called.push(hook));
for (const hook of ['preParsing', 'onSend'])
  app.addHook(hook, async (_request, _reply, payload) => {
    called.push(hook);
    return payload;
  });
app.addHook('onError', async (_request, _reply, _error) => void called.push('onError'));
app.setErrorHandler((error, _request, reply) => {
  called.push('error handler');
  return reply.code(400).send({ error: error.message });
});
app.post('/', async () => 'done');
await app.listen({ port: 0, host: '127.0.0.1' });

const post = async (body, length) => {
  called = [];
  lines = [];
  const socket = net.connect(app.server.address().port, '127.0.0.1');
  socket.resume();
  socket.write(
    `POST / HTTP/1.1\r\nhost: example.org\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n${body}`,
  );
  await wait(300);
  socket.destroy();
  await wait(700);
  return { hooks: called.join(', '), log: lines.join(', ') };
};
const whole = await post('{"a":1}', 7);
const broken = await post('{"a":', 7);
await app.close();

console.log(`whole body:  ${whole.hooks}\n             ${whole.log}`);
console.log(`broken off:  ${broken.hooks}\n             ${broken.log}`);
assert.equal(whole.hooks, 'onRequest, preParsing, preHandler, onSend, onResponse');
assert.equal(whole.log, 'incoming request, request completed');
assert.equal(broken.hooks, 'onRequest, preParsing, onError, onRequestAbort, error handler, onSend');
assert.equal(broken.log, 'incoming request');
JS
node check.mjs
