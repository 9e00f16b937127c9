#!/usr/bin/env bash
# fast-json-stringify 7.3.10 and ajv-formats 3.0.1: what the serializer of Fastify writes for
# `format: time`, the validator of Fastify refuses under the same schema.
# RFC 3339 wants an offset in a time. A Date is written as the time of day without one, and ajv-formats
# takes no time without one, so an answer of the service cannot be sent back to it. `time` and `date`
# are counted in the time zone of the process, `date-time` in UTC: one Date in one answer has two days.
# Output seen (the zone is set to Asia/Tokyo):
#   written: {"at":"2026-01-01T23:30:00.000Z","day":"2026-01-02","time":"08:30:00"}
#   read back: at valid, day valid, time must match format "time"
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{}' > package.json
npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error fast-json-stringify@7.3.10 ajv@8.20.0 ajv-formats@3.0.1 > /dev/null

cat > check.mjs <<'JS'
import assert from 'node:assert/strict';
import Ajv from 'ajv';
import addFormats from 'ajv-formats';
import build from 'fast-json-stringify';

const schema = {
  type: 'object',
  properties: {
    at: { type: 'string', format: 'date-time' },
    day: { type: 'string', format: 'date' },
    time: { type: 'string', format: 'time' },
  },
};
const date = new Date('2026-01-01T23:30:00Z');
const written = build(schema)({ at: date, day: date, time: date });
console.log(`written: ${written}`);

const ajv = new Ajv();
addFormats(ajv);
const values = JSON.parse(written);
const told = Object.entries(schema.properties).map(([name, property]) => {
  const validate = ajv.compile(property);
  return `${name} ${validate(values[name]) ? 'valid' : validate.errors[0].message}`;
});
console.log(`read back: ${told.join(', ')}`);
assert.deepEqual(values, { at: '2026-01-01T23:30:00.000Z', day: '2026-01-02', time: '08:30:00' });
assert.deepEqual(told, ['at valid', 'day valid', 'time must match format "time"']);
JS
TZ=Asia/Tokyo node check.mjs
