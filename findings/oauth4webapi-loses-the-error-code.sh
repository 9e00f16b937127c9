#!/usr/bin/env bash
# oauth4webapi 3.8.8 (the core of openid-client 6): a client learns the OAuth error code only if
# the server wraps it in exactly the expected way.
# With the media type application/problem+json, or with a WWW-Authenticate header beside the body,
# the `error` in the body is not read, and the caller gets an exception without the code. A 204
# of the revocation endpoint, which has nothing to say, is a failure; only 200 is a success.
# Output seen:
#   401, application/json: invalid_client
#   401, application/problem+json: OAUTH_RESPONSE_IS_NOT_JSON
#   401, application/json and WWW-Authenticate: OAUTH_WWW_AUTHENTICATE_CHALLENGE
#   revocation 200: success
#   revocation 204: OAUTH_RESPONSE_IS_NOT_CONFORM
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{}' > package.json
npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error oauth4webapi@3.8.8 > /dev/null

cat > check.mjs <<'JS'
import assert from 'node:assert/strict';
import { processClientCredentialsResponse, processRevocationResponse } from 'oauth4webapi';

const server = { issuer: 'https://id.example.org' };
const client = { client_id: 'app' };
const refusal = (headers) =>
  processClientCredentialsResponse(
    server,
    client,
    new Response(JSON.stringify({ error: 'invalid_client' }), { status: 401, headers }),
  );
const seen = [];
const attempt = async (what, answer) => {
  const outcome = await answer.then(() => 'success', (error) => error.error ?? error.code);
  console.log(`${what}: ${outcome}`);
  seen.push(outcome);
};

const json = { 'content-type': 'application/json' };
await attempt('401, application/json', refusal(json));
await attempt('401, application/problem+json', refusal({ 'content-type': 'application/problem+json' }));
await attempt(
  '401, application/json and WWW-Authenticate',
  refusal({ ...json, 'www-authenticate': 'Basic realm="example"' }),
);
for (const status of [200, 204])
  await attempt(`revocation ${status}`, processRevocationResponse(new Response(null, { status })));
assert.deepEqual(seen, [
  'invalid_client',
  'OAUTH_RESPONSE_IS_NOT_JSON',
  'OAUTH_WWW_AUTHENTICATE_CHALLENGE',
  'success',
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
]);
JS
node check.mjs
