/** Pages of what mail proves. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { confirmAddress, undoChange } from '../../src/by-mail/change-address.ts'
import { resetPassword } from '../../src/by-mail/reset-password.ts'
import { EmailConfirmation, EmailVerification, OneTimeTokenBody, PasswordReset } from '../../src/by-mail/schema.ts'
import { isOn } from '../../src/features.ts'
import { ref } from '../../src/schemas.ts'
import { signInByLink } from '../../src/sign-in/by-mail.ts'
import { acceptInvitation } from '../../src/sign-in/invitations.ts'
import { Acceptance } from '../../src/sign-in/schema.ts'
import { verifyEmail } from '../../src/sign-in/verify-email.ts'
import { shownBeside } from '../asker.ts'
import { originOf } from '../origin.ts'
import { type AddPage, type Form, languageOf } from './page.ts'

/** Those that the configuration has on. */
export function addMailPages(app: FastifyInstance, add: AddPage): void {
  const body = ref(OneTimeTokenBody)
  add({
    page: 'verify-email',
    body: ref(EmailVerification),
    onSetback: { username_taken: 'username', requester_unproved: 'password', current_password_wrong: 'password' },
    otherwise: 'new_password',
    act: (form, request) =>
      verifyEmail(app, as<EmailVerification>(form), shownBeside(request, form), originOf(request)),
  })
  add({
    page: 'reset-password',
    fields: ['new_password'],
    body: ref(PasswordReset),
    act: (form, request) => resetPassword(app, as<PasswordReset>(form), originOf(request)),
  })
  add({
    page: 'confirm-email-change',
    body: ref(EmailConfirmation),
    onSetback: { requester_unproved: 'password', current_password_wrong: 'password' },
    act: (form, request) => confirmAddress(app, form['token'] ?? '', shownBeside(request, form), originOf(request)),
  })
  add({
    page: 'undo-email-change',
    body,
    act: ({ token = '' }, request) => undoChange(app, token, originOf(request)),
  })
  if (isOn(app.config, 'invitations')) {
    add({
      page: 'accept-invitation',
      fields: ['username', 'name', 'password'],
      body: ref(Acceptance),
      act: async (form, request) => {
        await acceptInvitation(app, { ...as<Acceptance>(form), locale: languageOf(request) }, originOf(request))
      },
    })
  }
  if (isOn(app.config, 'sign-in-link')) {
    // in production a page that shows tokens would teach people to copy them
    const isShown = app.config.node_env !== 'production'
    add({ page: 'sign-in', body, show: isShown ? signIn : undefined })
  }

  async function signIn({ token = '' }: Form, request: FastifyRequest) {
    const { access_token, refresh_token } = await signInByLink(app, token, originOf(request))
    return Object.entries({ access_token, refresh_token })
  }
}

/** The form has been held against the schema of that. */
const as = <T>(form: Form) => form as unknown as T
