#!/usr/bin/env bash
# uuid 14.0.3: v7() keeps the order of ids within a millisecond, v7({ msecs }) does not.
# Without options a counter makes each id greater than the one before. As soon as a time is given
# (an injected clock, say), the bits after the time are random for each id, so about half of the
# ids of one millisecond sort before their predecessor. A log sorted by such ids is shuffled.
# Output seen (the second number differs each time):
#   v7(): 0 of 999 ids sort before their predecessor
#   v7({ msecs }): 497 of 999 ids sort before their predecessor
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{}' > package.json
npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error uuid@14.0.3 > /dev/null

cat > check.mjs <<'JS'
import assert from 'node:assert/strict';
import { v7 } from 'uuid';

const backwards = (make) => {
  const ids = Array.from({ length: 1000 }, make);
  return ids.filter((id, i) => i > 0 && id < ids[i - 1]).length;
};
const plain = backwards(() => v7());
const given = backwards(() => v7({ msecs: 1_700_000_000_000 }));
console.log(`v7(): ${plain} of 999 ids sort before their predecessor`);
console.log(`v7({ msecs }): ${given} of 999 ids sort before their predecessor`);
assert.equal(plain, 0);
assert.ok(given > 300 && given < 700);
JS
node check.mjs
