#!/usr/bin/env bash
# @node-oauth/oauth2-server 5.3.0: a right token request is refused for its media type when it has
# no Content-Length header.
# The library is handed the headers and the parsed body. Before it looks at the media type it asks
# whether there is a body, and it knows that only from Content-Length or Transfer-Encoding. HTTP/2 needs
# neither (RFC 9113, 8.1.1), nor has a Request of fetch any such header. The error names the media type,
# which is right, and not the header that it misses.
# Output seen:
#   headers of a fetch Request: invalid_request, content must be application/x-www-form-urlencoded
#   the same and content-length: Bearer
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{}' > package.json
npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error @node-oauth/oauth2-server@5.3.0 > /dev/null

cat > check.mjs <<'JS'
import assert from 'node:assert/strict';
import OAuth2Server from '@node-oauth/oauth2-server';

const model = {
  getClient: async (id) => ({ id, grants: ['client_credentials'] }),
  getUserFromClient: async () => ({ id: 'service' }),
  validateScope: async () => ['read'],
  saveToken: async (token, client, user) => ({ ...token, client, user }),
};
const server = new OAuth2Server({ model });
const body = { grant_type: 'client_credentials', client_id: 'app', client_secret: 'example' };
const asked = new Request('https://id.example.org/token', { method: 'POST', body: new URLSearchParams(body) });
const headers = Object.fromEntries(asked.headers);
const ask = async (what, given) => {
  const request = new OAuth2Server.Request({ method: 'POST', query: {}, headers: given, body });
  const told = await server.token(request, new OAuth2Server.Response({})).then(
    () => 'Bearer',
    ({ name, message }) => `${name}, ${message.replace('Invalid request: ', '')}`,
  );
  console.log(`${what}: ${told}`);
  return told;
};
const refused = await ask('headers of a fetch Request', headers);
const length = String(new URLSearchParams(body).toString().length);
const taken = await ask('the same and content-length', { ...headers, 'content-length': length });
assert.equal(refused, 'invalid_request, content must be application/x-www-form-urlencoded');
assert.equal(taken, 'Bearer');
JS
node check.mjs
