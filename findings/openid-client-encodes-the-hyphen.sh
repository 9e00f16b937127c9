#!/usr/bin/env bash
# openid-client 6.9.0: a client name with a hyphen is sent in another spelling by HTTP Basic than in
# the body, and the token type is not the one that the server sent.
# RFC 6749 (2.3.1) wants name and secret in the form encoding before they go into Basic. That encoding
# leaves - . _ and * alone, as URLSearchParams shows. openid-client encodes these too, which is right for
# a server that decodes, and refused by one that compares a plain name like my-client as it came.
# Bearer comes back as bearer (5.1 does not distinguish), so comparing it with what was sent fails.
# Output seen:
#   Basic: my%2Dclient%5F1%2E0:secret
#   URLSearchParams: my-client_1.0
#   token_type Bearer: bearer
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{}' > package.json
npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error openid-client@6.9.0 > /dev/null

cat > check.mjs <<'JS'
import assert from 'node:assert/strict';
import { ClientSecretBasic, clientCredentialsGrant, Configuration, customFetch } from 'openid-client';

const name = 'my-client_1.0';
const server = { issuer: 'https://id.example.org', token_endpoint: 'https://id.example.org/token' };
const config = new Configuration(server, name, {}, ClientSecretBasic('secret'));
let sent;
config[customFetch] = async (_url, { headers }) => {
  const [, encoded] = new Headers(headers).get('authorization').split(' ');
  sent = Buffer.from(encoded, 'base64').toString();
  return Response.json({ access_token: 'example', token_type: 'Bearer' });
};
const { token_type: type } = await clientCredentialsGrant(config);
const form = new URLSearchParams({ name }).toString().slice('name='.length);
console.log(`Basic: ${sent}`);
console.log(`URLSearchParams: ${form}`);
console.log(`token_type Bearer: ${type}`);
assert.equal(sent, 'my%2Dclient%5F1%2E0:secret');
assert.equal(form, name);
assert.equal(type, 'bearer');
JS
node check.mjs
