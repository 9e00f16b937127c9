#!/usr/bin/env bash
# tap 21.8.0: t.match() passes over more than its pattern seems to say.
# A pattern list matches a longer list, so "these two and no others" is not tested. `undefined` in
# a pattern matches null, and a member that is absent. A text in a pattern matches any text that
# contains it, inside objects too: the code "expired" matches "not_expired".
# Output seen:
#   [1, 2, 3] matches [1, 2]: pass
#   {} matches { a: undefined }: pass
#   { a: null } matches { a: undefined }: pass
#   { code: 'not_expired' } matches { code: 'expired' }: pass
#   [1] matches [1, 2]: fail
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{}' > package.json
npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error tap@21.8.0 > /dev/null

cat > match.mjs <<'JS'
import t from 'tap';
t.match([1, 2, 3], [1, 2], '[1, 2, 3] matches [1, 2]');
t.match({}, { a: undefined }, '{} matches { a: undefined }');
t.match({ a: null }, { a: undefined }, '{ a: null } matches { a: undefined }');
t.match({ code: 'not_expired' }, { code: 'expired' }, "{ code: 'not_expired' } matches { code: 'expired' }");
t.match([1], [1, 2], '[1] matches [1, 2]');
JS
cat > check.mjs <<'JS'
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';

const { stdout } = spawnSync(process.execPath, ['match.mjs'], { encoding: 'utf8' });
const verdicts = [...stdout.matchAll(/^(ok|not ok) \d+ - (.*)$/gm)];
const seen = verdicts.map(([, verdict, title]) => `${title}: ${verdict === 'ok' ? 'pass' : 'fail'}`);
console.log(seen.join('\n'));
assert.deepEqual(
  verdicts.map(([, verdict]) => verdict),
  ['ok', 'ok', 'ok', 'ok', 'not ok'],
);
JS
node check.mjs
