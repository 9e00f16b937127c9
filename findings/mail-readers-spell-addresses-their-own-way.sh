#!/usr/bin/env bash
# mailparser 3.14.2 and postal-mime 4.0.0: two readers of one mail do not agree on how its address is
# spelled.
# A domain in Punycode comes out in UTF-8 from the one and as it is from the other. A local part in
# quotes keeps them in both, but in postal-mime only between angle brackets: without these, which
# RFC 5322 (3.4) does not ask for, the quotes are lost and what is left is no address any more. Who
# compares a bounce with the address that was written to needs to know which library has read it.
# Output seen:
#   <ann@xn--bcher-kva.example>: mailparser ann@bücher.example, postal-mime ann@xn--bcher-kva.example
#   <"ann b"@example.org>: mailparser "ann b"@example.org, postal-mime "ann b"@example.org
#   "ann b"@example.org: mailparser "ann b"@example.org, postal-mime ann b@example.org
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{}' > package.json
npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error mailparser@3.14.2 postal-mime@4.0.0 > /dev/null

cat > check.mjs <<'JS'
import assert from 'node:assert/strict';
import { simpleParser } from 'mailparser';
import PostalMime from 'postal-mime';

const seen = [];
const quoted = '"ann b"@example.org';
for (const address of ['<ann@xn--bcher-kva.example>', `<${quoted}>`, quoted]) {
  const mail = `From: bob@example.org\r\nTo: ${address}\r\n\r\nhello`;
  const first = (await simpleParser(mail)).to.value[0].address;
  const second = (await PostalMime.parse(mail)).to[0].address;
  console.log(`${address}: mailparser ${first}, postal-mime ${second}`);
  seen.push([first, second]);
}
assert.deepEqual(seen, [
  ['ann@bücher.example', 'ann@xn--bcher-kva.example'],
  [quoted, quoted],
  [quoted, 'ann b@example.org'],
]);
JS
node check.mjs
