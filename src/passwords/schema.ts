import { type Static, Type } from '@sinclair/typebox'
import { closed, named, ref } from '../schemas.ts'

/** A password that is being set; the configured minimum length is a rule, not part of the shape. */
export const NewPassword = named(
  'NewPassword',
  Type.String({
    minLength: 1,
    maxLength: 256,
    format: 'password',
    description: 'any Unicode characters, at least as many as the service is configured for (8 by default)',
    example: 'correct horse battery staple',
  }),
)

/** A password that is being checked: whatever somebody typed. */
export const TypedPassword = named(
  'TypedPassword',
  Type.String({ minLength: 1, maxLength: 256, format: 'password', example: 'correct horse battery staple' }),
)

export const PasswordChange = named(
  'PasswordChange',
  closed(
    { current_password: ref(TypedPassword), new_password: ref(NewPassword) },
    { example: { current_password: 'correct horse battery staple', new_password: 'a quite different phrase' } },
  ),
)
export type PasswordChange = Static<typeof PasswordChange>
