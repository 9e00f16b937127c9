#!/usr/bin/env bash
# @apidevtools/swagger-parser 13.1.0 (beside @redocly/cli 2.77.0, Node 24.21.0): an example
# of a SCIM answer makes a valid document invalid.
# A member of a SCIM group has an attribute called $ref (RFC 7643, 4.2), and an example is data, in which
# $ref means nothing to OpenAPI. validate() follows it as if it were a reference of the document, looks
# for the person in the file system, and fails. Redocly leaves the example alone.
# Output seen:
#   example without $ref: swagger-parser valid, redocly 0 problems
#   example with $ref: swagger-parser ERESOLVER, redocly 0 problems
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

const documentWith = (member) => ({
  openapi: '3.1.0',
  info: { title: 'example', version: '1' },
  paths: {},
  components: { schemas: { Group: { type: 'object', examples: [{ members: [member] }] } } },
});
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
for (const [what, member] of [
  ['without', { value: '1' }],
  ['with', { value: '1', $ref: '../Users/1' }],
]) {
  const problems = lint(documentWith(member));
  const told = await SwaggerParser.validate(documentWith(member)).then(() => 'valid', ({ code }) => code);
  console.log(`example ${what} $ref: swagger-parser ${told}, redocly ${problems.length} problems`);
  seen.push([told, problems.length]);
}
assert.deepEqual(seen, [
  ['valid', 0],
  ['ERESOLVER', 0],
]);
JS
"node_modules/$node24/bin/node" check.mjs
