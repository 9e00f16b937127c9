#!/usr/bin/env bash
# @fastify/swagger 9.9.3 (fastify 5.12.8): a query with an email or a phone is published as a query
# with both.
# `anyOf` at the top of a querystring schema says that one of its members is enough, and the route
# takes such a request. The document takes the properties of all members apart into parameters and
# keeps `required` of each, so it says that the same request is wrong. No warning is given. OpenAPI
# has no way to say "one of these parameters"; optional ones would at least not say the contrary.
# Output seen:
#   route: ?email= 200, ?phone= 200, without 400
#   document: email required true, phone required true
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

const only = (name) => ({ type: 'object', required: [name], properties: { [name]: { type: 'string' } } });
const app = Fastify();
const info = { title: 'example', version: '1' };
await app.register(swagger, { openapi: { openapi: '3.1.0', info } });
const querystring = { anyOf: [only('email'), only('phone')] };
app.get('/people', { schema: { querystring } }, async () => 'ok');
await app.ready();

const status = async (query) => (await app.inject(`/people${query}`)).statusCode;
const taken = [await status('?email=a'), await status('?phone=1'), await status('')];
console.log(`route: ?email= ${taken[0]}, ?phone= ${taken[1]}, without ${taken[2]}`);
const { parameters } = app.swagger().paths['/people'].get;
const told = parameters.map(({ name, required }) => `${name} required ${required}`).join(', ');
console.log(`document: ${told}`);
assert.deepEqual(taken, [200, 200, 400]);
assert.equal(told, 'email required true, phone required true');
JS
node check.mjs
