#!/usr/bin/env bash
# @redocly/cli 2.77.0 (Node 24.21.0): two schemas of OpenAPI 3.1 that JSON Schema allows are
# problems for the linter.
# In 3.1 a schema is one of JSON Schema 2020-12, so true is a schema, and a $ref may name the $id of
# another schema in the document. The first is taken for a fault of the structure, but only right under
# components, not as a property. The second is looked for on the network although it is at hand;
# @apidevtools/swagger-parser 13.1.0 finds it.
# Output seen:
#   property true: no problem
#   component true: struct
#   $ref to an $id: no-unresolved-refs
#   $ref to an $id, swagger-parser: string
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{}' > package.json
node24="node-$(node -p 'process.platform + "-" + process.arch')"
npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error @apidevtools/swagger-parser@13.1.0 openapi-types@12.1.3 @redocly/cli@2.77.0 "$node24@24.21.0" > /dev/null

cat > check.mjs <<'JS'
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import SwaggerParser from '@apidevtools/swagger-parser';

const documentWith = (schemas) => ({
  openapi: '3.1.0',
  info: { title: 'example', version: '1' },
  paths: {},
  components: { schemas },
});
const name = 'https://schemas.example.invalid/name';
const named = { Name: { $id: name, type: 'string' }, Person: { $ref: name } };
/** The rules that the linter of Redocly finds broken in a document. */
const lint = (document) => {
  writeFileSync('openapi.json', JSON.stringify(document));
  const { stdout } = spawnSync(
    process.execPath,
    ['node_modules/@redocly/cli/bin/cli.js', 'lint', '--extends', 'spec', '--format', 'json', 'openapi.json'],
    { encoding: 'utf8', env: { ...process.env, REDOCLY_TELEMETRY: 'off' } },
  );
  return JSON.parse(stdout.slice(0, stdout.lastIndexOf('}') + 1)).problems.map(({ ruleId }) => ruleId);
};
const seen = [];
for (const [what, schemas] of [
  ['property true', { Any: { type: 'object', properties: { a: true } } }],
  ['component true', { Any: true }],
  ['$ref to an $id', named],
]) {
  const told = lint(documentWith(schemas)).join() || 'no problem';
  console.log(`${what}: ${told}`);
  seen.push(told);
}
const { components } = await SwaggerParser.validate(documentWith(named));
console.log(`$ref to an $id, swagger-parser: ${components.schemas.Person.type}`);
assert.deepEqual(seen, ['no problem', 'struct', 'no-unresolved-refs']);
assert.equal(components.schemas.Person.type, 'string');
JS
"node_modules/$node24/bin/node" check.mjs
