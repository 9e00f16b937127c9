/** Pages of messages about sign-ins. */
import type { FastifyInstance } from 'fastify'
import { OneTimeTokenBody } from '../../src/by-mail/schema.ts'
import { ref } from '../../src/schemas.ts'
import { endReportedSession } from '../../src/sign-in/end-reported.ts'
import { unlockByLink } from '../../src/sign-in/lock.ts'
import { handDevice } from '../device.ts'
import { originOf } from '../origin.ts'
import type { AddPage } from './page.ts'

export function addNoticePages(app: FastifyInstance, add: AddPage): void {
  add({
    page: 'end-session',
    body: ref(OneTimeTokenBody),
    act: ({ token = '' }, request) => endReportedSession(app, token, originOf(request)),
  })
  add({
    page: 'unlock',
    body: ref(OneTimeTokenBody),
    act: async ({ token = '' }, request, reply) => {
      // it marks the browser as one that the account has been used from, and proves nothing beyond
      handDevice(app, reply, await unlockByLink(app, token, originOf(request)))
    },
  })
}
