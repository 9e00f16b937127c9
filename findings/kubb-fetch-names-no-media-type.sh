#!/usr/bin/env bash
# @kubb/plugin-client 4.39.3: the fetch that it brings along sends JSON as plain text, and answers with refusals.
# With `client: 'fetch'` the calls are typed: the contract says application/json, what is returned has the
# type of the answer of success, and the errors have types of their own. The body is written as JSON without
# a Content-Type, so that fetch calls it text/plain, which a server with that contract may refuse (415). A
# refusal is returned as if it were the answer: nothing is thrown, and the status is not told.
# Output seen:
#   sent: text/plain;charset=UTF-8 {"name":"ada"}
#   status 415, returned: {"code":"refused"}
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type":"module"}' > package.json
node24="node-$(node -p 'process.platform + "-" + process.arch')"
npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error "$node24@24.21.0" @kubb/cli@4.39.3 @kubb/core@4.39.3 \
  @kubb/fabric-core@0.16.1 @kubb/react-fabric@0.16.1 @kubb/plugin-oas@4.39.3 @kubb/plugin-ts@4.39.3 @kubb/plugin-client@4.39.3 > /dev/null

cat > openapi.json <<'JSON'
{
  "openapi": "3.0.3",
  "info": { "title": "names", "version": "1.0.0" },
  "paths": {
    "/names": {
      "post": {
        "operationId": "addName",
        "requestBody": { "required": true, "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Name" } } } },
        "responses": {
          "200": { "description": "kept", "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Name" } } } },
          "415": { "description": "refused", "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Fault" } } } }
        }
      }
    }
  },
  "components": {
    "schemas": {
      "Name": { "type": "object", "required": ["name"], "properties": { "name": { "type": "string" } } },
      "Fault": { "type": "object", "required": ["code"], "properties": { "code": { "type": "string" } } }
    }
  }
}
JSON
cat > kubb.config.mjs <<'JS'
import { defineConfig } from '@kubb/core';
import { pluginClient } from '@kubb/plugin-client';
import { pluginOas } from '@kubb/plugin-oas';
import { pluginTs } from '@kubb/plugin-ts';

export default defineConfig({
  root: '.',
  input: { path: 'openapi.json' },
  output: { path: 'client', extension: { '.ts': '.ts' }, format: false },
  plugins: [pluginOas(), pluginTs(), pluginClient({ client: 'fetch', bundle: true })],
});
JS
"node_modules/$node24/bin/node" node_modules/.bin/kubb generate --config kubb.config.mjs > /dev/null 2>&1

cat > check.mts <<'TS'
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { addName } from './client/clients/addName.ts';

let sent = '';
const server = createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  sent = `${request.headers['content-type']} ${body}`;
  const status = request.headers['content-type'] === 'application/json' ? 200 : 415;
  response.writeHead(status, { 'content-type': 'application/json' }).end(status === 200 ? body : '{"code":"refused"}');
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const { port } = server.address() as { port: number };
const answer = await addName({ name: 'ada' }, { baseURL: `http://127.0.0.1:${port}` });
server.close();
console.log(`sent: ${sent}`);
console.log(`status 415, returned: ${JSON.stringify(answer)}`);
assert.equal(sent, 'text/plain;charset=UTF-8 {"name":"ada"}');
assert.deepEqual(answer, { code: 'refused' });
TS
"node_modules/$node24/bin/node" check.mts
