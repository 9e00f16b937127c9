#!/usr/bin/env bash
# kysely 0.29.9 (better-sqlite3 13.2.0, Node 24.21.0): the list of migrations and the run of
# migrations judge one and the same database differently.
# getMigrations() says nothing of a migration that was executed and that the provider no longer
# knows: all that it lists is executed. migrateToLatest() calls that database corrupted. A name
# filled in between two executed ones is listed as waiting, and is corrupted too, unless
# allowUnorderedMigrations is set. A health check built on the list reports health.
# Output seen:
#   list, 03 unknown: 01 executed
#   run, 03 unknown: corrupted migrations: previously executed migration 03 is missing
#   list, 02 came late: 01 executed, 02 waiting, 03 executed
#   run, 02 came late: corrupted migrations: expected previously executed migration 03 to be at index 1 but 02 was found in its place. (…)
#   run, 02 came late, unordered allowed: 02 Success
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{}' > package.json
node24="node-$(node -p 'process.platform + "-" + process.arch')"
npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error kysely@0.29.9 better-sqlite3@13.2.0 "$node24@24.21.0" > /dev/null

cat > check.mjs <<'JS'
import assert from 'node:assert/strict';
import Database from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';
import { Migrator } from 'kysely/migration';

const db = new Kysely({ dialect: new SqliteDialect({ database: new Database(':memory:') }) });
const migrator = (names, options) =>
  new Migrator({
    db,
    provider: { getMigrations: async () => Object.fromEntries(names.map((name) => [name, { up: async () => {} }])) },
    ...options,
  });
const list = async (names) =>
  (await migrator(names).getMigrations()).map((m) => `${m.name} ${m.executedAt ? 'executed' : 'waiting'}`).join(', ');
const run = async (names, options) => {
  const { error, results } = await migrator(names, options).migrateToLatest();
  return error ? error.message : results.map((r) => `${r.migrationName} ${r.status}`).join(', ');
};

await run(['01', '03']);
const seen = {
  'list, 03 unknown': await list(['01']),
  'run, 03 unknown': await run(['01']),
  'list, 02 came late': await list(['01', '02', '03']),
  'run, 02 came late': await run(['01', '02', '03']),
  'run, 02 came late, unordered allowed': await run(['01', '02', '03'], { allowUnorderedMigrations: true }),
};
for (const [what, answer] of Object.entries(seen)) console.log(`${what}: ${answer}`);

const [unknownListed, unknownRun, lateListed, lateRun, lateAllowed] = Object.values(seen);
assert.equal(unknownListed, '01 executed');
assert.match(unknownRun, /^corrupted migrations: .*03 is missing/);
assert.equal(lateListed, '01 executed, 02 waiting, 03 executed');
assert.match(lateRun, /^corrupted migrations: .*02 was found in its place/);
assert.equal(lateAllowed, '02 Success');
JS
"node_modules/$node24/bin/node" check.mjs
