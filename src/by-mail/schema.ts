import { type Static, Type } from '@sinclair/typebox'
import { Email, Username } from '../accounts/schema.ts'
import { NewPassword } from '../passwords/schema.ts'
import { closed, named, ref } from '../schemas.ts'

/** What a link in a message carries. */
export const OneTimeToken = Type.String({
  minLength: 1,
  maxLength: 128,
  description: '`token` of the link in the message; good for one use',
  example: 'pXw0yqk2Zb8mS5c1vVn3rT7uJd9hLgAeQfKoXiMzBtY',
})

export const OneTimeTokenBody = named('OneTimeTokenBody', closed({ token: OneTimeToken }))

export const EmailBody = named('EmailBody', closed({ email: ref(Email) }))

export const EmailVerification = named(
  'EmailVerification',
  closed(
    { token: OneTimeToken, username: Type.Optional(ref(Username)) },
    { example: { token: OneTimeToken['example'] } },
  ),
)
export type EmailVerification = Static<typeof EmailVerification>

export const PasswordReset = named('PasswordReset', closed({ token: OneTimeToken, new_password: ref(NewPassword) }))
export type PasswordReset = Static<typeof PasswordReset>
