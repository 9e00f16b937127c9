import { type Static, Type } from '@sinclair/typebox'
import { Email, Username } from '../accounts/schema.ts'
import { NewPassword, TypedPassword } from '../passwords/schema.ts'
import { REQUEST_TOKEN_LENGTH } from '../proofs/request-token.ts'
import { closed, named, ref } from '../schemas.ts'

/** What a link in a message carries. */
export const OneTimeToken = Type.String({
  minLength: 1,
  maxLength: 256,
  description: '`token` of the link in the message; good for one use',
  example: 'pXw0yqk2Zb8mS5c1vVn3rT7uJd9hLgAeQfKoXiMzBtY',
})

/** What tells who asked from others. */
export const RequestToken = Type.String({
  minLength: REQUEST_TOKEN_LENGTH,
  maxLength: REQUEST_TOKEN_LENGTH,
  pattern: '^lkq_[A-Za-z0-9_-]+$',
  description:
    'tells who asked from others: to be sent along with what the message brings; it proves nothing by itself',
  example: 'lkq_Qm9vV3RzZ0hXa2xUeXBFbWRqUnN2Y0xuS2dBaU9xZkR',
})

export const OneTimeTokenBody = named('OneTimeTokenBody', closed({ token: OneTimeToken }))

/** What every call answers that may have sent something to an address. */
export const Noted = named(
  'Noted',
  Type.Object(
    {
      message: Type.String({ example: 'If that address has an account, a message is on its way.' }),
      request_token: RequestToken,
    },
    {
      description:
        'A request was noted. It looks the same whoever has the address, and whether or not anything is sent.',
    },
  ),
)
export type Noted = Static<typeof Noted>

export const EmailBody = named('EmailBody', closed({ email: ref(Email) }))

/** Confirms another address. */
export const EmailConfirmation = named(
  'EmailConfirmation',
  closed(
    {
      token: OneTimeToken,
      password: Type.Optional(ref(TypedPassword)),
      request_token: Type.Optional(RequestToken),
    },
    { example: { token: OneTimeToken['example'], password: 'correct horse battery staple' } },
  ),
)
export type EmailConfirmation = Static<typeof EmailConfirmation>

export const EmailVerification = named(
  'EmailVerification',
  closed(
    {
      token: OneTimeToken,
      username: Type.Optional(ref(Username)),
      password: Type.Optional(ref(TypedPassword)),
      new_password: Type.Optional(ref(NewPassword)),
      request_token: Type.Optional(RequestToken),
    },
    { example: { token: OneTimeToken['example'], password: 'correct horse battery staple' } },
  ),
)
export type EmailVerification = Static<typeof EmailVerification>

export const PasswordReset = named('PasswordReset', closed({ token: OneTimeToken, new_password: ref(NewPassword) }))
export type PasswordReset = Static<typeof PasswordReset>
