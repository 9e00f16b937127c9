#!/usr/bin/env bash
# nodemailer 10.6.0 (addresses that validator 13.15.35 accepts): how the domain of an address is
# written depends on the letters before the @.
# A domain outside ASCII becomes Punycode, but only when the name before the @ is ASCII. With an
# umlaut in the name the domain goes out in UTF-8, and a domain that was given in Punycode is even
# turned back. One domain therefore stands in two spellings in envelopes and logs.
# Output seen:
#   ann@exämple.org -> ann@xn--exmple-cua.org
#   änn@exämple.org -> änn@exämple.org
#   ann@xn--exmple-cua.org -> ann@xn--exmple-cua.org
#   änn@xn--exmple-cua.org -> änn@exämple.org
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{}' > package.json
npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error nodemailer@10.6.0 validator@13.15.35 > /dev/null

cat > check.mjs <<'JS'
import assert from 'node:assert/strict';
import nodemailer from 'nodemailer';
import validator from 'validator';

const transport = nodemailer.createTransport({ streamTransport: true, buffer: true });
const expected = {
  'ann@exämple.org': 'ann@xn--exmple-cua.org',
  'änn@exämple.org': 'änn@exämple.org',
  'ann@xn--exmple-cua.org': 'ann@xn--exmple-cua.org',
  'änn@xn--exmple-cua.org': 'änn@exämple.org',
};
for (const [address, written] of Object.entries(expected)) {
  assert.ok(validator.isEmail(address));
  const to = { name: '', address };
  const { envelope } = await transport.sendMail({ from: 'post@example.org', to, text: 'Hello' });
  console.log(`${address} -> ${envelope.to}`);
  assert.deepEqual(envelope.to, [written]);
}
JS
node check.mjs
