import { type Static, Type } from '@sinclair/typebox'
import { DisplayName, Email, Locale, RoleName, Username } from '../accounts/schema.ts'
import { NewPassword, TypedPassword } from '../passwords/schema.ts'
import { closed, named, ref } from '../schemas.ts'

const account = {
  username: ref(Username),
  email: ref(Email),
  password: ref(NewPassword),
  name: Type.Optional(ref(DisplayName)),
  locale: Type.Optional(ref(Locale)),
}

export const Registration = named('Registration', closed(account))
export type Registration = Static<typeof Registration>

/** Whatever somebody typed to say who they are. */
export const Identifier = Type.String({
  minLength: 1,
  maxLength: 254,
  format: 'plain-text',
  description: 'a user name or an e-mail address',
  example: 'ada.lovelace',
})

export const Credentials = named(
  'Credentials',
  closed({
    identifier: Identifier,
    password: ref(TypedPassword),
  }),
)
export type Credentials = Static<typeof Credentials>

const Roles = Type.Array(ref(RoleName), { minItems: 1, maxItems: 8, uniqueItems: true, example: ['user'] })
const Disabled = Type.Boolean({ description: 'whether the account is shut out', example: false })

export const NewUser = named(
  'NewUser',
  closed({ ...account, roles: Type.Optional(Roles), disabled: Type.Optional(Disabled) }),
)
export type NewUser = Static<typeof NewUser>

export const UserUpdate = named(
  'UserUpdate',
  closed(
    {
      username: Type.Optional(account.username),
      email: Type.Optional(account.email),
      name: account.name,
      locale: account.locale,
      password: Type.Optional(account.password),
      roles: Type.Optional(Roles),
      disabled: Type.Optional(Disabled),
    },
    {
      minProperties: 1,
      description: 'The members to change; the others stay',
      example: { roles: ['admin', 'user'], disabled: false },
    },
  ),
)
export type UserUpdate = Static<typeof UserUpdate>

export const Reauthentication = named('Reauthentication', closed({ password: ref(TypedPassword) }))
