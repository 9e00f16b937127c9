#!/usr/bin/env bash
# @fastify/swagger 9.9.3 (fastify 5.12.8): a route that names a security scheme which the options do
# not declare makes the whole document fail, and the error does not say which route that is.
# The name is looked up among components.securitySchemes only to leave out headers that the scheme
# describes already. One may expect an error with a code, as other faults of a schema have, or the
# document with the name in it. What comes is a TypeError of JavaScript at app.swagger(), after the
# routes were added without complaint. As soon as any other scheme is declared, it does not even
# contain the name of the missing one.
# Output seen:
#   no scheme declared: TypeError, no code, Cannot read properties of undefined (reading 'session')
#   another scheme declared: TypeError, no code, Cannot read properties of undefined (reading 'type')
#   declared: [{"session":[]}]
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{}' > package.json
npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error @fastify/swagger@9.9.3 fastify@5.12.8 > /dev/null

cat > check.mjs <<'JS'
import assert from 'node:assert/strict';
import swagger from '@fastify/swagger';
import Fastify from 'fastify';

const bearer = { type: 'http', scheme: 'bearer' };
const describe = async (what, components) => {
  const app = Fastify();
  const info = { title: 'example', version: '1' };
  await app.register(swagger, { openapi: { openapi: '3.1.0', info, ...(components && { components }) } });
  app.get('/me', { schema: { security: [{ session: [] }] } }, async () => 'ok');
  await app.ready();
  let told;
  try {
    told = JSON.stringify(app.swagger().paths['/me'].get.security);
  } catch (error) {
    told = `${error.name}, ${error.code ?? 'no code'}, ${error.message}`;
  }
  console.log(`${what}: ${told}`);
  return told;
};
const none = await describe('no scheme declared');
const other = await describe('another scheme declared', { securitySchemes: { key: bearer } });
const declared = await describe('declared', { securitySchemes: { session: bearer } });
assert.match(none, /^TypeError, no code, .*undefined \(reading 'session'\)$/);
assert.match(other, /^TypeError, no code, .*undefined \(reading 'type'\)$/);
assert.equal(declared, '[{"session":[]}]');
JS
node check.mjs
