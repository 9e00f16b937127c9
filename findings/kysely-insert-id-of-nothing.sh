#!/usr/bin/env bash
# kysely 0.29.9 (better-sqlite3 13.2.0, Node 24.21.0): an insert that inserted nothing answers
# with an insertId all the same.
# After `on conflict do nothing` met a conflict, insertId is the id of the row that the connection
# inserted last, even one of another table. Only numInsertedOrUpdatedRows tells the truth.
# Output seen:
#   insert into people: id 1, rows 1
#   insert into letters: id 7, rows 1
#   insert into people again: id 7, rows 0
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

const database = new Database(':memory:');
database.exec('create table people (id integer primary key, name text unique)');
database.exec('create table letters (id integer primary key, body text)');
const db = new Kysely({ dialect: new SqliteDialect({ database }) });

const insertPerson = () =>
  db.insertInto('people').values({ name: 'ann' }).onConflict((on) => on.doNothing()).executeTakeFirstOrThrow();
const tell = (what, { insertId, numInsertedOrUpdatedRows }) => {
  const line = `id ${insertId}, rows ${numInsertedOrUpdatedRows}`;
  console.log(`${what}: ${line}`);
  return line;
};

assert.equal(tell('insert into people', await insertPerson()), 'id 1, rows 1');
const letter = await db.insertInto('letters').values({ id: 7, body: 'hello' }).executeTakeFirstOrThrow();
assert.equal(tell('insert into letters', letter), 'id 7, rows 1');
assert.equal(tell('insert into people again', await insertPerson()), 'id 7, rows 0');
JS
"node_modules/$node24/bin/node" check.mjs
