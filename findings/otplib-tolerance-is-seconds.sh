#!/usr/bin/env bash
# otplib 13.5.0: the tolerance of verify() is counted in seconds around the clock, not in steps.
# epochTolerance 1, taken over from a window of one step, accepts the code of the step before for
# one second only; a whole step before and after takes 30. verifySync() answers with an object, which
# is truthy for a wrong code too: what counts is its `valid`. Secrets written
# in groups of four, as setup pages show them, are refused by an exception.
# Output seen:
#   epochTolerance 1: code of the last step valid after 30 s true, after 31 s false, after 59 s false
#   epochTolerance 30: code of the last step valid after 30 s true, after 31 s true, after 59 s true
#   wrong code: {"valid":false}
#   secret in groups of four: refused
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{}' > package.json
npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error otplib@13.5.0 > /dev/null

cat > check.mjs <<'JS'
import assert from 'node:assert/strict';
import { generateSync, verifySync } from 'otplib';

const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
const begin = 1_699_999_980; // the beginning of a step of 30 s
const token = generateSync({ secret, epoch: begin });
const validAfter = (seconds, epochTolerance) =>
  verifySync({ secret, token, epoch: begin + seconds, epochTolerance }).valid;

const seen = {};
for (const tolerance of [1, 30]) {
  seen[tolerance] = [30, 31, 59].map((seconds) => validAfter(seconds, tolerance));
  const [a, b, c] = seen[tolerance];
  console.log(
    `epochTolerance ${tolerance}: code of the last step valid after 30 s ${a}, after 31 s ${b}, after 59 s ${c}`,
  );
}
const wrong = verifySync({ secret, token: token === '123456' ? '123457' : '123456', epoch: begin });
console.log(`wrong code: ${JSON.stringify(wrong)}`);
const grouped = secret.replace(/(.{4})(?=.)/g, '$1 ');
assert.throws(() => generateSync({ secret: grouped, epoch: begin }));
console.log('secret in groups of four: refused');
assert.deepEqual(seen, { 1: [true, false, false], 30: [true, true, true] });
assert.deepEqual(wrong, { valid: false });
JS
node check.mjs
