#!/usr/bin/env bash
# kysely 0.29.9 (better-sqlite3 13.2.0, Node 24.21.0): a transaction that is set to read only writes on
# SQLite.
# On PostgreSQL setAccessMode('read only') makes the database refuse a write. The driver for SQLite
# begins every transaction in the same way and raises no error about what it leaves out, though SQLite
# could refuse (`pragma query_only`). A test on SQLite does not find the write that PostgreSQL will refuse.
# Output seen:
#   statements of a read only transaction: begin, insert into "people" ("name") values (?), commit
#   rows afterwards: 1
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

const statements = [];
const database = new Database(':memory:');
database.exec('create table people (name text)');
const { prepare } = database;
database.prepare = (sql) => {
  statements.push(sql);
  return prepare.call(database, sql);
};
const db = new Kysely({ dialect: new SqliteDialect({ database }) });
await db
  .transaction()
  .setAccessMode('read only')
  .execute((trx) => trx.insertInto('people').values({ name: 'ann' }).execute());
console.log(`statements of a read only transaction: ${statements.join(', ')}`);
const [{ count }] = database.prepare('select count(*) as count from people').all();
console.log(`rows afterwards: ${count}`);
assert.deepEqual(statements.slice(0, 3), [
  'begin',
  'insert into "people" ("name") values (?)',
  'commit',
]);
assert.equal(count, 1);
JS
"node_modules/$node24/bin/node" check.mjs
