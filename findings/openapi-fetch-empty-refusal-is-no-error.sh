#!/usr/bin/env bash
# openapi-fetch 0.17.0: a refusal without a body has no `error` that one could see.
# A call answers with { data, error, response }, where error stands for any 4xx and 5xx, and the types say
# that one of the first two is there. For a 401 with an empty body `error` is undefined when the length 0
# is told, and an empty text when it is not. `if (error)` takes both for a success, with no data in it.
# Only response.ok tells them apart.
# Output seen:
#   401 with a body: error {"code":"no"}, as a condition true, ok false
#   401 of length 0: error undefined, as a condition false, ok false
#   401 without a length: error "", as a condition false, ok false
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{}' > package.json
npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error openapi-fetch@0.17.0 > /dev/null

cat > check.mjs <<'JS'
import assert from 'node:assert/strict';
import createClient from 'openapi-fetch';

const answers = {
  'with a body': () => Response.json({ code: 'no' }, { status: 401 }),
  'of length 0': () => new Response(null, { status: 401, headers: { 'content-length': '0' } }),
  'without a length': () => new Response('', { status: 401 }),
};
const seen = [];
for (const [what, answer] of Object.entries(answers)) {
  const client = createClient({ baseUrl: 'https://id.example.org', fetch: async () => answer() });
  const { error, response } = await client.GET('/me');
  console.log(
    `401 ${what}: error ${JSON.stringify(error)}, as a condition ${Boolean(error)}, ok ${response.ok}`,
  );
  seen.push([error, response.ok]);
}
assert.deepEqual(seen, [
  [{ code: 'no' }, false],
  [undefined, false],
  ['', false],
]);
JS
node check.mjs
