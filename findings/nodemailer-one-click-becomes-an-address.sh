#!/usr/bin/env bash
# nodemailer 10.6.0: the `list` option cannot write List-Unsubscribe-Post.
# The option writes any List-… header, and takes each value for an address of the web. The value
# that RFC 8058 asks for, `List-Unsubscribe=One-Click`, comes out in angle brackets with `http://`
# before it, which is no longer that value. By `headers` it goes out as it is.
# Output seen:
#   list:    List-Unsubscribe-Post: <http://List-Unsubscribe=One-Click>
#   headers: List-Unsubscribe-Post: List-Unsubscribe=One-Click
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{}' > package.json
npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error nodemailer@10.6.0 > /dev/null

cat > check.mjs <<'JS'
import assert from 'node:assert/strict';
import nodemailer from 'nodemailer';

const transport = nodemailer.createTransport({ streamTransport: true, buffer: true });
const headerOf = async (options) => {
  const { message } = await transport.sendMail({
    from: 'post@example.org',
    to: 'ann@example.org',
    text: 'Hello',
    ...options,
  });
  return /^List-Unsubscribe-Post: .*$/m.exec(message.toString())?.[0].trim();
};

const byList = await headerOf({ list: { 'unsubscribe-post': 'List-Unsubscribe=One-Click' } });
const byHeaders = await headerOf({ headers: { 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' } });
console.log(`list:    ${byList}`);
console.log(`headers: ${byHeaders}`);
assert.equal(byList, 'List-Unsubscribe-Post: <http://List-Unsubscribe=One-Click>');
assert.equal(byHeaders, 'List-Unsubscribe-Post: List-Unsubscribe=One-Click');
JS
node check.mjs
