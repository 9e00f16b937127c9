import { type Static, Type } from '@sinclair/typebox'
import { PASSWORD_CODES } from '../errors.ts'
import { closed, named, openEnumOf, ref } from '../schemas.ts'

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

/** What somebody is about to be called, perhaps half typed. */
const Typed = (description: string, example: string) =>
  Type.Optional(Type.String({ maxLength: 254, format: 'plain-text', description, example }))

export const StrengthQuestion = named(
  'StrengthQuestion',
  closed({
    password: ref(NewPassword),
    username: Typed('what its owner will be called', 'ada.lovelace'),
    email: Typed('their address', 'ada@example.org'),
    name: Typed('their name', 'Ada Lovelace'),
  }),
)
export type StrengthQuestion = Static<typeof StrengthQuestion>

/** Why a password would not be taken: one of the problem codes. */
export const PasswordFault = named(
  'PasswordFault',
  openEnumOf(PASSWORD_CODES, {
    description: 'why it would not be taken; a later version may have more',
    example: 'password_common',
  }),
)

export const PasswordStrength = named(
  'PasswordStrength',
  Type.Object(
    {
      score: Type.Integer({
        minimum: 0,
        maximum: 4,
        description: '0: anybody guesses it; 1: soon; 2: with some patience; 3: hardly; 4: nobody does',
        example: 4,
      }),
      guesses_log10: Type.Number({
        description: 'how many guesses it takes, as a power of ten; by its first 64 characters',
        example: 19.7,
      }),
      warning: Type.Optional(
        Type.String({ description: 'what is wrong with it, in English', example: 'This is a commonly used password.' }),
      ),
      suggestions: Type.Array(Type.String({ example: 'Add more words that are less common.' }), {
        description: 'what would be better, in English',
      }),
      accepted: Type.Boolean({ description: 'whether the service would take it', example: true }),
      code: Type.Optional(ref(PasswordFault)),
      detail: Type.Optional(
        Type.String({ description: 'why not, in English', example: 'The password must have at least 8 characters.' }),
      ),
    },
    { description: 'What a password is worth' },
  ),
)
export type PasswordStrength = Static<typeof PasswordStrength>
