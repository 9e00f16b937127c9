#!/usr/bin/env bash
# scim2-parse-filter 0.2.10: a value with a JSON escape is compared as it was written, and `pr` is
# true of what is not there.
# RFC 7644 (3.4.2.2) writes the values of a filter as JSON, where "\u00e4" is the letter ä; the parser
# undoes \" and leaves \u00e4 as six characters, so a name with that letter is not found. `pr` is true
# of a value that is neither empty nor null, says the same section; filter() finds null, "" and []
# present, and only a missing attribute absent.
# Output seen:
#   sn eq "B\u00e4r": compared with B\u00e4r
#   sn eq "B\"r": compared with B"r
#   sn pr: null true, "" true, [] true, absent false
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{}' > package.json
npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error scim2-parse-filter@0.2.10 > /dev/null

cat > check.mjs <<'JS'
import assert from 'node:assert/strict';
import { filter, parse } from 'scim2-parse-filter';

const compared = ['sn eq "B\\u00e4r"', 'sn eq "B\\"r"'].map((text) => {
  const { compValue } = parse(text);
  console.log(`${text}: compared with ${compValue}`);
  return compValue;
});
const present = filter(parse('sn pr'));
const told = [null, '', []].map((sn) => present({ sn }));
const absent = present({});
console.log(`sn pr: null ${told[0]}, "" ${told[1]}, [] ${told[2]}, absent ${absent}`);
assert.deepEqual(compared, ['B\\u00e4r', 'B"r']);
assert.deepEqual([...told, absent], [true, true, true, false]);
JS
node check.mjs
