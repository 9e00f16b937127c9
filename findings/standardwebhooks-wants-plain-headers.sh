#!/usr/bin/env bash
# standardwebhooks 1.1.1: verify() reads a plain object of headers and a body of JSON, no more.
# The Headers of a fetch Request, in which all headers are, are refused as "missing". A rightly
# signed body that is no JSON raises a SyntaxError, which says nothing of the signature, and a
# signed empty body is answered with undefined.
# Output seen:
#   plain object: {"a":1}
#   fetch Headers: Missing required headers
#   signed text: SyntaxError
#   signed empty body: undefined
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{}' > package.json
npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error standardwebhooks@1.1.1 > /dev/null

cat > check.mjs <<'JS'
import assert from 'node:assert/strict';
import { Webhook } from 'standardwebhooks';

const webhook = new Webhook(Buffer.from('an example of a secret, no more').toString('base64'));
const now = new Date();
const headersFor = (body) => ({
  'webhook-id': 'msg_1',
  'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
  'webhook-signature': webhook.sign('msg_1', now, body),
});
const seen = [];
const attempt = (what, body, headers) => {
  let answer;
  try {
    answer = JSON.stringify(webhook.verify(body, headers)) ?? 'undefined';
  } catch (error) {
    answer = error instanceof SyntaxError ? 'SyntaxError' : error.message;
  }
  console.log(`${what}: ${answer}`);
  seen.push(answer);
};
attempt('plain object', '{"a":1}', headersFor('{"a":1}'));
attempt('fetch Headers', '{"a":1}', new Headers(headersFor('{"a":1}')));
attempt('signed text', 'hello', headersFor('hello'));
attempt('signed empty body', '', headersFor(''));
assert.deepEqual(seen, ['{"a":1}', 'Missing required headers', 'SyntaxError', 'undefined']);
JS
node check.mjs
