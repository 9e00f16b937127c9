#!/usr/bin/env bash
# @fastify/jwt 10.2.8 over fast-jwt 6.3.6 (fastify 5.12.8): one plugin counts times in two units.
# expiresIn as a number is seconds, the same number as a text is milliseconds, and fast-jwt by
# itself takes the number for milliseconds too. clockTolerance of the plugin stays in
# milliseconds: 60, meant as a minute, does not bear a token that expired ten seconds ago.
# Output seen:
#   expiresIn 5000: the token lives 5000 s
#   expiresIn "5000": the token lives 5 s
#   fast-jwt alone, expiresIn 5000: the token lives 5 s
#   expired for 10 s, clockTolerance 60: FAST_JWT_EXPIRED
#   expired for 10 s, clockTolerance 60000: accepted
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{}' > package.json
npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error @fastify/jwt@10.2.8 fast-jwt@6.3.6 fastify@5.12.8 > /dev/null

cat > check.mjs <<'JS'
import assert from 'node:assert/strict';
import jwt from '@fastify/jwt';
import { createSigner } from 'fast-jwt';
import Fastify from 'fastify';

const secret = 'an example of a secret, 32 letters';
const app = Fastify();
await app.register(jwt, { secret });
await app.ready();

const lifeOf = (token) => {
  const { iat, exp } = app.jwt.decode(token);
  return exp - iat;
};
const number = lifeOf(app.jwt.sign({}, { expiresIn: 5000 }));
const text = lifeOf(app.jwt.sign({}, { expiresIn: '5000' }));
const alone = lifeOf(createSigner({ key: secret, expiresIn: 5000 })({}));
console.log(`expiresIn 5000: the token lives ${number} s`);
console.log(`expiresIn "5000": the token lives ${text} s`);
console.log(`fast-jwt alone, expiresIn 5000: the token lives ${alone} s`);

const now = Math.floor(Date.now() / 1000);
const old = app.jwt.sign({ iat: now - 100, exp: now - 10 });
const verify = (clockTolerance) => {
  try {
    app.jwt.verify(old, { clockTolerance });
    return 'accepted';
  } catch (error) {
    return error.code;
  }
};
for (const tolerance of [60, 60_000])
  console.log(`expired for 10 s, clockTolerance ${tolerance}: ${verify(tolerance)}`);
assert.deepEqual([number, text, alone], [5000, 5, 5]);
assert.deepEqual([verify(60), verify(60_000)], ['FAST_JWT_EXPIRED', 'accepted']);
JS
node check.mjs
