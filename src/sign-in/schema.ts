import { type Static, Type } from '@sinclair/typebox'
import { DisplayName, Email, HeldRole, Locale, RoleName, Username } from '../accounts/schema.ts'
import { OneTimeToken, RequestToken } from '../by-mail/schema.ts'
import { NewPassword, TypedPassword } from '../passwords/schema.ts'
import { closed, named, ref, Timestamp } from '../schemas.ts'
import { DeviceToken, TokenPair } from '../sessions/schema.ts'

const account = {
  username: ref(Username),
  email: ref(Email),
  password: ref(NewPassword),
  name: Type.Optional(ref(DisplayName)),
  locale: Type.Optional(ref(Locale)),
}

export const Registration = named('Registration', closed(account))
export type Registration = Static<typeof Registration>

/** What a registration brings, whatever `REGISTRATION` says: tokens, or a message that has to be read first. */
export const RegistrationResult = named(
  'RegistrationResult',
  Type.Object(
    {
      ...Type.Partial(TokenPair).properties,
      message: Type.Optional(
        Type.String({
          description: 'what the person has to do first; absent with tokens',
          example: 'Open the link in the message that was sent to this address.',
        }),
      ),
      request_token: Type.Optional(RequestToken),
    },
    { description: 'The tokens of the first session, or a `message` and the `request_token` where none has begun' },
  ),
)
export type RegistrationResult = Static<typeof RegistrationResult>

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

export const Unlocked = named(
  'Unlocked',
  Type.Object({ device_token: Type.Optional(DeviceToken) }, { description: 'What the device that asked is known by' }),
)
export const CodeCredentials = named(
  'CodeCredentials',
  closed({
    email: ref(Email),
    code: Type.String({ pattern: '^[0-9]{6}$', description: 'six digits, of the message', example: '402917' }),
    request_token: Type.Optional(RequestToken),
  }),
)
export type CodeCredentials = Static<typeof CodeCredentials>

const Roles = Type.Array(ref(RoleName), {
  minItems: 1,
  maxItems: 8,
  distinct: true,
  description: 'each once',
  example: ['user'],
})
const Disabled = Type.Boolean({ description: 'whether the account is shut out', example: false })

export const Invitation = named('Invitation', closed({ email: ref(Email), roles: Type.Optional(Roles) }))
export type Invitation = Static<typeof Invitation>

export const InvitationSent = named(
  'InvitationSent',
  Type.Object(
    {
      email: Type.String({ example: 'ada@example.org' }),
      roles: Type.Array(ref(HeldRole), { description: 'what the account will have' }),
      expires_at: Timestamp('until when the link in the message is good'),
    },
    { description: 'An invitation that was sent' },
  ),
)
export type InvitationSent = Static<typeof InvitationSent>

export const Acceptance = named(
  'Acceptance',
  closed({
    token: OneTimeToken,
    username: account.username,
    password: account.password,
    name: account.name,
    locale: account.locale,
  }),
)
export type Acceptance = Static<typeof Acceptance>

export const UserCreation = named(
  'UserCreation',
  closed({ ...account, roles: Type.Optional(Roles), disabled: Type.Optional(Disabled) }),
)
export type UserCreation = Static<typeof UserCreation>

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
