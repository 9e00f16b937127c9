#!/usr/bin/env bash
# tap 21.8.0: a raw U+2028 (line separator) in the message of an assertion makes the report lose
# that assertion and all that follow.
# Both assertions of this test file pass. With a hyphen in the message the report has two lines;
# with U+2028, which is an ordinary letter of a JavaScript text, it has none and says that no
# tests were found, with exit code 0. Whoever builds titles from odd input has to escape it.
# Output seen:
#   hyphen: exit code 0, reported passes 2
#   U+2028: exit code 0, reported passes 0, no tests found
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{}' > package.json
npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error tap@21.8.0 > /dev/null

cat > hyphen.mjs <<'JS'
import t from 'tap';
t.ok(true, 'ann-bob');
t.ok(true, 'second');
JS
cat > separator.mjs <<'JS'
import t from 'tap';
t.ok(true, 'ann\u2028bob');
t.ok(true, 'second');
JS
cat > check.mjs <<'JS'
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';

const report = (file) => {
  const { status, stdout } = spawnSync(process.execPath, [file], { encoding: 'utf8' });
  const passes = stdout.match(/^ok /gm)?.length ?? 0;
  return `exit code ${status}, reported passes ${passes}${/no tests found/.test(stdout) ? ', no tests found' : ''}`;
};

const hyphen = report('hyphen.mjs');
const separator = report('separator.mjs');
console.log(`hyphen: ${hyphen}`);
console.log(`U+2028: ${separator}`);
assert.equal(hyphen, 'exit code 0, reported passes 2');
assert.equal(separator, 'exit code 0, reported passes 0, no tests found');
JS
node check.mjs
