/** The rows of the bench, in the order of the table. */
import type { Row } from './measure.ts'
import { importMemory, importRate } from './rows/import.ts'
import { login } from './rows/login.ts'
import { me, verify } from './rows/me.ts'
import { refresh } from './rows/refresh.ts'

export const ROWS: readonly Row[] = [me, verify, refresh, login, importRate, importMemory]
