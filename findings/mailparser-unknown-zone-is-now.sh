#!/usr/bin/env bash
# mailparser 3.14.2 (beside postal-mime 4.0.0): a mail with a zone name like CET is dated at the moment
# it is read, and a comment behind a Message-ID becomes part of it.
# RFC 5322 (4.3) takes a zone name whose meaning is not known for -0000, so one may expect 10:00 UTC, or
# no date. mailparser answers with the present time, which looks like any other date, and sorts an old
# bounce behind a new one. postal-mime gives back the text, where it otherwise gives an ISO date.
# Comments are allowed around a Message-ID (3.6.4); mailparser leaves it in and closes it once more, and
# makes a second message of it in References.
# Output seen:
#   mailparser, GMT: 2026-01-01T10:00:00.000Z
#   mailparser, CET: the time of reading
#   postal-mime, CET: Thu, 1 Jan 2026 10:00:00 CET
#   mailparser, <a@example.org> (ours): ["<a@example.org> (ours)>",["<a@example.org>","<(ours)>"]]
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

const mail = (...headers) => ['From: ann@example.org', ...headers, '', 'hello'].join('\r\n');
const dated = (zone) => mail(`Date: Thu, 1 Jan 2026 10:00:00 ${zone}`);

const before = Date.now();
const [gmt, cet] = [(await simpleParser(dated('GMT'))).date, (await simpleParser(dated('CET'))).date];
const isNow = cet >= new Date(before) && cet <= new Date();
console.log(`mailparser, GMT: ${gmt.toISOString()}`);
console.log(`mailparser, CET: ${isNow ? 'the time of reading' : cet.toISOString()}`);
const other = (await PostalMime.parse(dated('CET'))).date;
console.log(`postal-mime, CET: ${other}`);
const id = '<a@example.org> (ours)';
const { messageId, references } = await simpleParser(mail(`Message-ID: ${id}`, `References: ${id}`));
console.log(`mailparser, ${id}: ${JSON.stringify([messageId, references])}`);
assert.equal(gmt.toISOString(), '2026-01-01T10:00:00.000Z');
assert.ok(isNow);
assert.equal(other, 'Thu, 1 Jan 2026 10:00:00 CET');
assert.equal(messageId, '<a@example.org> (ours)>');
assert.deepEqual(references, ['<a@example.org>', '<(ours)>']);
JS
node check.mjs
