#!/usr/bin/env bash
# fast-jwt 6.3.6 and jose 6.2.18: a good signature by one and the same Ed25519 key is accepted or
# refused by the name of the algorithm.
# RFC 9864 replaces the name "EdDSA" by "Ed25519". fast-jwt knows the old name alone. jose knows
# both, but finds no key in a key set whose entry says "alg": "EdDSA" for a token that says
# "Ed25519"; the same key given by itself is taken. A key set without "alg" serves both names.
# Output seen:
#   fast-jwt, EdDSA: accepted
#   fast-jwt, Ed25519: FAST_JWT_INVALID_ALGORITHM
#   jose, Ed25519, set that says EdDSA: ERR_JWKS_NO_MATCHING_KEY
#   jose, Ed25519, key that says EdDSA: accepted
#   jose, Ed25519, set that says nothing: accepted
#   jose, EdDSA, set that says nothing: accepted
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{}' > package.json
npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error fast-jwt@6.3.6 jose@6.2.18 > /dev/null

cat > check.mjs <<'JS'
import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { createVerifier } from 'fast-jwt';
import { createLocalJWKSet, importJWK, jwtVerify } from 'jose';

const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const token = (alg) => {
  const signed = `${encode({ alg, typ: 'JWT' })}.${encode({ sub: 'ann' })}`;
  return `${signed}.${sign(null, Buffer.from(signed), privateKey).toString('base64url')}`;
};
const jwk = publicKey.export({ format: 'jwk' });
const pem = publicKey.export({ type: 'spki', format: 'pem' });
const seen = [];
const attempt = async (what, verify) => {
  const answer = await verify().then(() => 'accepted', (error) => error.code);
  console.log(`${what}: ${answer}`);
  seen.push(answer);
};

for (const alg of ['EdDSA', 'Ed25519'])
  await attempt(`fast-jwt, ${alg}`, async () => createVerifier({ key: pem })(token(alg)));
const named = { ...jwk, alg: 'EdDSA' };
const set = (key) => createLocalJWKSet({ keys: [key] });
await attempt('jose, Ed25519, set that says EdDSA', () => jwtVerify(token('Ed25519'), set(named)));
await attempt('jose, Ed25519, key that says EdDSA', async () => jwtVerify(token('Ed25519'), await importJWK(named)));
await attempt('jose, Ed25519, set that says nothing', () => jwtVerify(token('Ed25519'), set(jwk)));
await attempt('jose, EdDSA, set that says nothing', () => jwtVerify(token('EdDSA'), set(jwk)));
assert.deepEqual(seen, [
  'accepted',
  'FAST_JWT_INVALID_ALGORITHM',
  'ERR_JWKS_NO_MATCHING_KEY',
  'accepted',
  'accepted',
  'accepted',
]);
JS
node check.mjs
