#!/usr/bin/env bash
# scim-patch 0.8.3: `replace` adds when it finds nothing, unless any options are given.
# RFC 7644 (3.5.2.3) answers noTarget when the filter of a replace matches nothing. By default the
# library makes a new address of the filter's type instead; with an empty options object, {}, it
# refuses. Attribute names are compared with their capitals, against RFC 7643: a replace of
# `username` leaves `userName` as it was and puts a second attribute beside it.
# Output seen:
#   replace the home address, no options: [{"type":"work","value":"ann@example.org"},{"type":"home","value":"ann@example.com"}]
#   replace the home address, options {}: NoTarget
#   replace username: {"userName":"ann","username":"bob"}
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{}' > package.json
npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error scim-patch@0.8.3 > /dev/null

cat > check.mjs <<'JS'
import assert from 'node:assert/strict';
import { scimPatch } from 'scim-patch';

const patch = (operation, ...options) =>
  scimPatch(
    { schemas: [], meta: {}, userName: 'ann', emails: [{ type: 'work', value: 'ann@example.org' }] },
    [{ op: 'replace', ...operation }],
    ...options,
  );
const home = { path: 'emails[type eq "home"].value', value: 'ann@example.com' };
const { emails } = patch(home);
console.log(`replace the home address, no options: ${JSON.stringify(emails)}`);
let refused;
try {
  patch(home, {});
} catch (error) {
  refused = error.constructor.name;
}
console.log(`replace the home address, options {}: ${refused}`);
const { userName, username } = patch({ path: 'username', value: 'bob' });
console.log(`replace username: ${JSON.stringify({ userName, username })}`);
assert.deepEqual(emails, [
  { type: 'work', value: 'ann@example.org' },
  { type: 'home', value: 'ann@example.com' },
]);
assert.equal(refused, 'NoTarget');
assert.deepEqual([userName, username], ['ann', 'bob']);
JS
node check.mjs
