#!/usr/bin/env bash
# kysely 0.29.9 (better-sqlite3 13.2.0, Node 24.21.0): whether a row gets the default of a column on
# SQLite depends on the other rows of the same insert.
# A row that does not name a column gets its default. Put beside a row that does name it, the same
# row gets null, without a word, and with NOT NULL the whole insert is refused. PostgreSQL has the
# keyword `default` for such a place; SQLite has none, and kysely writes null there.
# Output seen:
#   [{name},{name}]: ann user, bob user
#   [{name,role},{name}]: cid admin, dan null
#   [{name,made},{name}]: NOT NULL constraint failed: people.made
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
database.exec(
  "create table people (name text, role text default 'user', made text not null default 'today')",
);
const db = new Kysely({ dialect: new SqliteDialect({ database }) });
const insert = async (rows) => {
  const shape = rows.map((row) => `{${Object.keys(row)}}`).join(',');
  const told = await db
    .insertInto('people')
    .values(rows)
    .returning(['name', 'role'])
    .execute()
    .then((made) => made.map(({ name, role }) => `${name} ${role}`).join(', '), (error) => error.message);
  console.log(`[${shape}]: ${told}`);
  return told;
};
assert.equal(await insert([{ name: 'ann' }, { name: 'bob' }]), 'ann user, bob user');
assert.equal(await insert([{ name: 'cid', role: 'admin' }, { name: 'dan' }]), 'cid admin, dan null');
const refused = await insert([{ name: 'eve', made: 'then' }, { name: 'fay' }]);
assert.equal(refused, 'NOT NULL constraint failed: people.made');
JS
"node_modules/$node24/bin/node" check.mjs
