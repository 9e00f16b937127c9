#!/usr/bin/env bash
# openapi-typescript 7.13.0 (typescript 5.9.3, the newest that it allows): whether a member becomes
# required depends on where `required` stands, and one of the places makes a type that no account has.
# JSON Schema gives these three schemas the same meaning: an account of which the email is required.
# Beside allOf the type is right. In a part of allOf without a type the word is lost. In a part that says
# `type: object`, which changes nothing, that part becomes a record of members of type never, and
# { email: 'ann@example.org' } is an error of types.
# Output seen:
#   beside allOf: an account with email is taken, one without is refused
#   in a part: an account with email is taken, one without is taken
#   in a part with type object: an account with email is refused, one without is taken
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{}' > package.json
npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error openapi-typescript@7.13.0 typescript@5.9.3 > /dev/null

cat > check.mjs <<'JS'
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import openapiTS, { astToString } from 'openapi-typescript';
import ts from 'typescript';

const account = { $ref: '#/components/schemas/Account' };
const required = ['email'];
const schemas = {
  Account: { type: 'object', properties: { email: { type: 'string' }, name: { type: 'string' } } },
  Beside: { allOf: [account], required },
  Part: { allOf: [account, { required }] },
  TypedPart: { allOf: [account, { type: 'object', required }] },
};
const info = { title: 'example', version: '1' };
const types = await openapiTS({ openapi: '3.1.0', info, paths: {}, components: { schemas } });
writeFileSync('api.ts', astToString(types));

const takes = (schema, value) => {
  writeFileSync(
    'use.ts',
    `import type { components } from './api.js';\nexport const account: components['schemas']['${schema}'] = ${value};\n`,
  );
  const { ModuleKind, ModuleResolutionKind, createProgram, getPreEmitDiagnostics } = ts;
  const program = createProgram(['use.ts'], {
    strict: true,
    noEmit: true,
    types: [],
    module: ModuleKind.NodeNext,
    moduleResolution: ModuleResolutionKind.NodeNext,
  });
  const errors = getPreEmitDiagnostics(program);
  for (const { code } of errors) assert.ok([2322, 2741].includes(code)); // not assignable, member missing
  return errors.length === 0 ? 'taken' : 'refused';
};
const seen = [];
for (const [schema, place] of [
  ['Beside', 'beside allOf'],
  ['Part', 'in a part'],
  ['TypedPart', 'in a part with type object'],
]) {
  const [whole, empty] = [takes(schema, "{ email: 'ann@example.org' }"), takes(schema, '{}')];
  console.log(`${place}: an account with email is ${whole}, one without is ${empty}`);
  seen.push([whole, empty]);
}
assert.deepEqual(seen, [
  ['taken', 'refused'],
  ['taken', 'taken'],
  ['refused', 'taken'],
]);
JS
node check.mjs
