#!/usr/bin/env bash
# openapi-fetch 0.17.0: a form given as URLSearchParams is sent as {}.
# fetch takes URLSearchParams as a body and sets the media type of a form, which is how a token is
# asked for in OAuth (RFC 6749). openapi-fetch takes it for an object to be written as JSON, and JSON
# sees no members in it. A plain object becomes a form if the media type is spelled exactly so; with
# a charset behind it the body is JSON under the name of a form.
# Output seen:
#   fetch, URLSearchParams: application/x-www-form-urlencoded;charset=UTF-8 grant_type=password
#   client, URLSearchParams: application/json {}
#   client, object and application/x-www-form-urlencoded: application/x-www-form-urlencoded grant_type=password
#   client, object and application/x-www-form-urlencoded; charset=utf-8: application/x-www-form-urlencoded; charset=utf-8 {"grant_type":"password"}
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{}' > package.json
npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error openapi-fetch@0.17.0 > /dev/null

cat > check.mjs <<'JS'
import assert from 'node:assert/strict';
import createClient from 'openapi-fetch';

const seen = [];
const tell = async (what, request) => {
  const line = `${request.headers.get('content-type')} ${await request.text()}`;
  console.log(`${what}: ${line}`);
  seen.push(line);
};
const baseUrl = 'https://id.example.org';
const members = { grant_type: 'password' };
const sent = async (body, headers) => {
  let request;
  const fetch = async (asked) => {
    request = asked;
    return new Response(null, { status: 204 });
  };
  await createClient({ baseUrl, fetch }).POST('/token', { body, headers });
  return request;
};
await tell(
  'fetch, URLSearchParams',
  new Request(`${baseUrl}/token`, { method: 'POST', body: new URLSearchParams(members) }),
);
await tell('client, URLSearchParams', await sent(new URLSearchParams(members)));
const form = 'application/x-www-form-urlencoded';
const withCharset = `${form}; charset=utf-8`;
for (const type of [form, withCharset])
  await tell(`client, object and ${type}`, await sent(members, { 'Content-Type': type }));
assert.deepEqual(seen, [
  `${form};charset=UTF-8 grant_type=password`,
  'application/json {}',
  `${form} grant_type=password`,
  `${withCharset} {"grant_type":"password"}`,
]);
JS
node check.mjs
