#!/usr/bin/env bash
# @fastify/cookie 11.1.5 (fastify 5.12.8): clearCookie() does not clear what setCookie() has set.
# Without a path, setCookie() writes none, so the browser takes the folder of the address asked
# for (RFC 6265, 5.1.4). clearCookie() always writes Path=/. A cookie set at /v1/sign-in with
# defaults has the path /v1, and clearing it with defaults clears another cookie.
# Output seen:
#   set:   session=abc; SameSite=Lax
#   clear: session=; Max-Age=0; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; SameSite=Lax
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{}' > package.json
npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error @fastify/cookie@11.1.5 fastify@5.12.8 > /dev/null

cat > check.mjs <<'JS'
import assert from 'node:assert/strict';
import cookie from '@fastify/cookie';
import Fastify from 'fastify';

const app = Fastify();
await app.register(cookie);
app.post('/v1/sign-in', async (_request, reply) => reply.setCookie('session', 'abc').send());
app.post('/v1/sign-out', async (_request, reply) => reply.clearCookie('session').send());
const cookieOf = async (url) => (await app.inject({ method: 'POST', url })).headers['set-cookie'];

const set = await cookieOf('/v1/sign-in');
const clear = await cookieOf('/v1/sign-out');
console.log(`set:   ${set}`);
console.log(`clear: ${clear}`);
assert.match(set, /^session=abc/);
assert.doesNotMatch(set, /Path=/i);
assert.match(clear, /; Path=\/;/);
JS
node check.mjs
