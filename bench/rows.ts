/** The rows of the bench, in the order of the table. */
import type { Row } from './measure.ts'
import { audit, auditPostgres } from './rows/audit.ts'
import { loginBetterAuth, meBetterAuth } from './rows/better-auth.ts'
import { filter } from './rows/filter.ts'
import { importMemory, importRate } from './rows/import.ts'
import { waitingLists } from './rows/lists.ts'
import { login } from './rows/login.ts'
import { many } from './rows/many.ts'
import { me, verify } from './rows/me.ts'
import { mePostgres } from './rows/me-postgres.ts'
import { memoryIdle, memoryLoad, memorySessions } from './rows/memory.ts'
import { meOidcProvider, refreshOidcProvider } from './rows/oidc-provider.ts'
import { refresh } from './rows/refresh.ts'
import { start } from './rows/start.ts'
import { timing } from './rows/timing.ts'
import { tuned } from './rows/tuned.ts'
import { waitingLogins, waitingStorm } from './rows/waiting.ts'
import { workers } from './rows/workers.ts'

export const ROWS: readonly Row[] = [
  me,
  meBetterAuth,
  meOidcProvider,
  mePostgres,
  verify,
  refresh,
  refreshOidcProvider,
  login,
  loginBetterAuth,
  tuned,
  filter,
  waitingLogins,
  waitingStorm,
  waitingLists,
  audit,
  auditPostgres,
  ...timing,
  ...many,
  start,
  memoryIdle,
  memoryLoad,
  memorySessions,
  workers,
  importRate,
  importMemory,
]
