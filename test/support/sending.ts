/** Which routes send what: watched in every test that makes requests in its own process. */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { FastifyInstance } from 'fastify'
import type { MailRequests } from '../../src/by-mail/requests.ts'
import type { Purse, Template } from '../../src/mail/messages.ts'

/**
 * What a route causes to be sent, and who pays; `asks`: what it notes to be granted later, out of the purse of strangers or,
 * for owners on their devices, of members.
 */
export interface Sending {
  sends?: Partial<Record<Template, Purse>>
  asks?: Parameters<MailRequests['note']>[0]['kind']
}

const ARRIVAL = { 'new-device': 'notices', locked: 'notices' } as const
/** Who proves an address takes it from an account that only went by it, which is told. */
const PROVES = { 'email-released': 'notices' } as const
const BY_MAIL = { ...PROVES, 'new-device': 'notices', 'password-reset': 'members' } as const
const NEW_PASSWORD = { ...PROVES, 'password-changed': 'notices' } as const
const CHANGED = { ...PROVES, 'email-changed': 'notices' } as const
const OWN_ADDRESS = {
  'email-change-confirm': 'members',
  'registration-attempt': 'members',
  'email-verify': 'members',
  'email-changed': 'notices',
} as const
const UNDONE = { ...PROVES, 'password-reset': 'members' } as const

/** Every route that sends. Its budgets are those of its purses (docs/proofs-by-mail.md). */
export const SENDING: Readonly<Record<string, Sending>> = {
  'POST /api/v1/auth/register': { sends: { 'email-verify': 'strangers' }, asks: 'registration' },
  'POST /api/v1/auth/login': { sends: ARRIVAL },
  'POST /api/v1/auth/password/forgot': { asks: 'password-reset' },
  'POST /api/v1/auth/password/reset': { sends: NEW_PASSWORD },
  'POST /api/v1/auth/email/verify': { sends: PROVES },
  'POST /api/v1/auth/invitations/accept': { sends: PROVES },
  'POST /api/v1/auth/email/verification/request': { asks: 'email-verify' },
  'POST /api/v1/auth/email/verification': { sends: { 'email-verify': 'members', 'email-change-confirm': 'members' } },
  'POST /api/v1/auth/email/change/confirm': { sends: CHANGED },
  'POST /api/v1/auth/email/change/undo': { sends: UNDONE },
  'POST /api/v1/auth/sign-in/link': { asks: 'sign-in-link' },
  'POST /api/v1/auth/sign-in/link/verify': { sends: BY_MAIL },
  'POST /api/v1/auth/sign-in/code': { asks: 'sign-in-code' },
  'POST /api/v1/auth/sign-in/code/verify': { sends: { ...BY_MAIL, locked: 'notices' } },
  'POST /api/v1/invitations': { sends: { invitation: 'members' } },
  'PUT /api/v1/users/me': { sends: OWN_ADDRESS },
  'POST /api/v1/users/me/password': { sends: { 'password-changed': 'notices' } },
  'POST /api/v1/users': { sends: { 'email-verify': 'members' } },
  // which may be who asks
  'PUT /api/v1/users/:user_id': { sends: { ...OWN_ADDRESS, 'password-changed': 'notices' } },
  // the pages that links in messages lead to
  'POST /confirm-email-change': { sends: CHANGED },
  'POST /verify-email': { sends: PROVES },
  'POST /accept-invitation': { sends: PROVES },
  'POST /undo-email-change': { sends: UNDONE },
  'POST /reset-password': { sends: NEW_PASSWORD },
  'POST /sign-in': { sends: BY_MAIL },
  // the dialects
  'POST /auth/signup': { sends: { 'email-verify': 'strangers' } },
  'POST /auth/register': { sends: { 'email-verify': 'strangers' } },
  'POST /auth/login': { sends: ARRIVAL },
  'POST /authenticate_user': { sends: ARRIVAL },
  'PUT /user': { sends: { 'password-changed': 'notices' } },
}

const PATTERNS = Object.keys(SENDING).map(
  (route) => [route, new RegExp(`^${route.replace(/:\w+/g, '[^/]+')}$`)] as const,
)

/** What was seen to be sent by which route. */
export interface Sent {
  route: string
  what: string
}

const current = new AsyncLocalStorage<string>()

/** Runs a request, so that what it sends is known to be its. */
export const asRoute = <T>(method: string, path: string, work: () => T): T => current.run(`${method} ${path}`, work)

/** Watches what a service writes into its outbox, and what it notes. @param told of each */
export function watchSending({ mailer, mailRequests }: FastifyInstance, told: (sent: Sent) => void): void {
  const { seal } = mailer
  mailer.seal = (plain, context) => {
    tell(context.slice(0, context.indexOf('\0')))
    return seal(plain, context)
  }
  const { note } = mailRequests
  mailRequests.note = (wanted, origin) => {
    tell(`asks ${wanted.kind}`)
    return note(wanted, origin)
  }
  const tell = (what: string) => {
    const path = current.getStore()
    if (path === undefined) return
    const route = PATTERNS.find(([, pattern]) => pattern.test(path))?.[0]
    told({ route: route ?? path, what })
  }
}

/** What is wrong about that, if anything is. */
export function sendingFault({ route, what }: Sent): string | undefined {
  const { sends = {}, asks } = SENDING[route] ?? {}
  const mayNotify = Object.values(sends).includes('notices')
  if (what in sends || what === `asks ${asks}` || (what === 'security-digest' && mayNotify)) return undefined
  return `${route} sends “${what}”, which test/support/sending.ts does not say`
}
