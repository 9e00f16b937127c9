import { type Static, Type } from '@sinclair/typebox'
import { ROLES } from '../roles/permissions.ts'
import { closed, enumOf, named, openEnumOf, ref, Timestamp, Uuid } from '../schemas.ts'

export const Username = named(
  'Username',
  Type.String({
    minLength: 3,
    maxLength: 64,
    format: 'username',
    description: 'letters, digits and `. _ -`; unique without regard to case',
    example: 'ada.lovelace',
  }),
)

export const Email = named(
  'Email',
  Type.String({
    minLength: 3,
    maxLength: 254,
    format: 'email',
    description: 'unique without regard to case',
    example: 'ada@example.org',
  }),
)

export const DisplayName = named(
  'DisplayName',
  Type.String({
    maxLength: 128,
    format: 'plain-text',
    description: 'what to call the person; an empty one is none',
    example: 'Ada Lovelace',
  }),
)

export const Locale = named(
  'Locale',
  Type.String({
    minLength: 2,
    maxLength: 35,
    format: 'locale',
    description: 'the language of messages, a BCP 47 tag; the nearest that there is, or the service’s own',
    example: 'de-AT',
  }),
)

/** A role that is given, or asked for. */
export const RoleName = named('RoleName', enumOf(ROLES, { description: 'what an account may do', example: 'user' }))

/** A role that an account has. */
export const HeldRole = named(
  'HeldRole',
  openEnumOf(ROLES, { description: 'what an account may do; a later version may have more', example: 'user' }),
)

export const AccountState = named(
  'AccountState',
  enumOf(['active', 'disabled'], { description: 'only accounts in this state', example: 'active' }),
)

export const User = named(
  'User',
  Type.Object(
    {
      id: Uuid('never changes, never reused'),
      username: Type.Optional(
        Type.String({ description: 'absent where the account has none', example: 'ada.lovelace' }),
      ),
      email: Type.Optional(
        Type.String({ description: 'absent where the account has none', example: 'ada@example.org' }),
      ),
      email_verified: Type.Boolean({ description: 'whether the address was proved', example: false }),
      proved_email: Type.Optional(
        Type.String({
          description:
            'the address that links, codes and notices go to, while `email` is another one that is not proved',
          example: 'ada@example.net',
        }),
      ),
      pending_email: Type.Optional(
        Type.String({
          description: 'in the answer to a change: the new address, which counts when it was confirmed',
          example: 'ada@example.com',
        }),
      ),
      name: Type.Optional(Type.String({ description: 'absent where none was given', example: 'Ada Lovelace' })),
      locale: Type.Optional(
        Type.String({ description: 'the language of messages; absent: the service’s own', example: 'de-AT' }),
      ),
      roles: Type.Array(ref(HeldRole), { description: 'in alphabetical order' }),
      created_at: Timestamp('when the account was made'),
      updated_at: Timestamp('when a member last changed'),
      disabled_at: Type.Optional(Timestamp('since when the account is disabled; absent while it is not')),
    },
    { description: 'An account' },
  ),
)
export type User = Static<typeof User>

export const ProfileUpdate = named(
  'ProfileUpdate',
  closed(
    {
      username: Type.Optional(ref(Username)),
      email: Type.Optional(ref(Email)),
      name: Type.Optional(ref(DisplayName)),
      locale: Type.Optional(ref(Locale)),
    },
    { minProperties: 1, description: 'The members to change; the others stay', example: { name: 'Ada King' } },
  ),
)
export type ProfileUpdate = Static<typeof ProfileUpdate>
