#!/usr/bin/env bash
# argon2 0.45.1 (Node 24.21.0): needsRehash() compares cost numbers and nothing else.
# A hash of the type argon2i needs no new hash where argon2id is the default. A hash that is
# stronger than asked for does need one, so a program that does as it is told replaces it by a
# weaker one at the next sign-in. Asked about a bcrypt hash, it raises a TypeError, while verify() answers false.
# Output seen:
#   argon2i, same cost: false
#   argon2id, twice the memory that is asked for: true
#   bcrypt, needsRehash: TypeError
#   bcrypt, verify: false
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{}' > package.json
node24="node-$(node -p 'process.platform + "-" + process.arch')"
npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error argon2@0.45.1 "$node24@24.21.0" > /dev/null

cat > check.mjs <<'JS'
import assert from 'node:assert/strict';
import argon2 from 'argon2';

const cost = { memoryCost: 1024, timeCost: 2, parallelism: 1 };
const weaker = { ...cost, memoryCost: 512 };
const otherType = argon2.needsRehash(await argon2.hash('an example', { ...cost, type: argon2.argon2i }), cost);
const stronger = argon2.needsRehash(await argon2.hash('an example', cost), weaker);
// Only the form of a bcrypt hash, of no password.
const bcrypt = `$2b$10$${'a'.repeat(53)}`;
let raised;
try {
  argon2.needsRehash(bcrypt, cost);
} catch (error) {
  raised = error.constructor.name;
}
const verified = await argon2.verify(bcrypt, 'an example');
console.log(`argon2i, same cost: ${otherType}`);
console.log(`argon2id, twice the memory that is asked for: ${stronger}`);
console.log(`bcrypt, needsRehash: ${raised}`);
console.log(`bcrypt, verify: ${verified}`);
assert.deepEqual([otherType, stronger, raised, verified], [false, true, 'TypeError', false]);
JS
"node_modules/$node24/bin/node" check.mjs
