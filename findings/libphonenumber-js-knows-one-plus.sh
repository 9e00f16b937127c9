#!/usr/bin/env bash
# libphonenumber-js 1.13.16 (beside google-libphonenumber 3.2.47): a number with the wide plus sign of a
# Japanese keyboard is refused as one without a country.
# Both read wide digits (U+FF10 on). The library by Google takes U+FF0B for a plus as well.
# The other asks for the plain + as the first character, and then for a default country, which an
# international number does not need.
# Output seen:
#   + and plain digits: libphonenumber-js +442079460958, google-libphonenumber +442079460958
#   + and wide digits: libphonenumber-js +442079460958, google-libphonenumber +442079460958
#   wide + and wide digits: libphonenumber-js INVALID_COUNTRY, google-libphonenumber +442079460958
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{}' > package.json
npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error libphonenumber-js@1.13.16 google-libphonenumber@3.2.47 > /dev/null

cat > check.mjs <<'JS'
import assert from 'node:assert/strict';
import google from 'google-libphonenumber';
import { parsePhoneNumber } from 'libphonenumber-js';

const { PhoneNumberFormat, PhoneNumberUtil } = google;
const util = PhoneNumberUtil.getInstance();
const parseFirst = (text) => {
  try {
    return parsePhoneNumber(text).number;
  } catch (error) {
    return error.message;
  }
};
const parseSecond = (text) => util.format(util.parse(text), PhoneNumberFormat.E164);
const wide = (text) => text.replace(/[+\d]/g, (char) => String.fromCodePoint(char.codePointAt(0) + 0xfee0));

const digits = '442079460958';
const right = `+${digits}`;
const texts = {
  '+ and plain digits': right,
  '+ and wide digits': `+${wide(digits)}`,
  'wide + and wide digits': wide(right),
};
const seen = Object.entries(texts).map(([what, text]) => {
  const found = [parseFirst(text), parseSecond(text)];
  console.log(`${what}: libphonenumber-js ${found[0]}, google-libphonenumber ${found[1]}`);
  return found;
});
assert.deepEqual(seen, [
  [right, right],
  [right, right],
  ['INVALID_COUNTRY', right],
]);
JS
node check.mjs
