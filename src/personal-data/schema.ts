import { type Static, Type } from '@sinclair/typebox'
import { User } from '../accounts/schema.ts'
import { Activity } from '../audit/schema.ts'
import { closed, named, ref, Timestamp, Uuid } from '../schemas.ts'

export const HeldSession = named(
  'HeldSession',
  closed(
    {
      id: Uuid('the session'),
      created_at: Timestamp('when it began'),
      last_used_at: Timestamp('when its refresh token was last exchanged'),
      expires_at: Timestamp('when it ends at the latest'),
      ip: Type.Optional(Type.String({ description: 'the address it began from', example: '203.0.113.7' })),
      user_agent: Type.Optional(Type.String({ description: 'the program it began from', example: 'curl/8.5.0' })),
      ended_at: Type.Optional(Timestamp('when it was ended')),
      ended_because: Type.Optional(Type.String({ description: 'why it was ended', example: 'logout' })),
    },
    { description: 'a session, also one that is over and not yet removed' },
  ),
)

export const HeldPassword = named(
  'HeldPassword',
  closed(
    {
      changed_at: Timestamp('when it was set'),
      hashed_as: Type.String({
        description: 'how its hash was made; the hash itself is not shown',
        example: 'argon2id',
      }),
    },
    { description: 'absent where the account has none' },
  ),
)

export const HeldDevice = named(
  'HeldDevice',
  closed(
    {
      known_since: Timestamp('the first sign-in'),
      last_used_at: Timestamp('the last sign-in'),
      known_until: Timestamp('until when it is known without another one'),
    },
    { description: 'a device that is known again' },
  ),
)

export const HeldMessage = named(
  'HeldMessage',
  closed(
    {
      kind: Type.String({ description: 'which message', example: 'verify_email' }),
      to: Type.String({ description: 'the address', example: 'ada@example.org' }),
      written_at: Timestamp('when it was written'),
    },
    { description: 'a message that has not been sent yet' },
  ),
)

export const HeldOneTimeToken = named(
  'HeldOneTimeToken',
  closed(
    {
      purpose: Type.String({ description: 'what it is good for', example: 'verify_email' }),
      created_at: Timestamp('when it was made'),
      expires_at: Timestamp('until when it holds'),
    },
    { description: 'a one-time token that was sent and not used yet' },
  ),
)

export const PersonalData = named(
  'PersonalData',
  closed(
    {
      exported_at: Timestamp('when this was put together'),
      account: ref(User),
      number: Type.Integer({
        description: 'the account’s number, which some calls show in place of its `id`',
        example: 7,
      }),
      password: Type.Optional(ref(HeldPassword)),
      sessions: Type.Array(ref(HeldSession), { description: 'newest first' }),
      devices: Type.Array(ref(HeldDevice), { description: 'devices that are known again by a token that they keep' }),
      messages: Type.Array(ref(HeldMessage), { description: 'mail that has not been sent yet' }),
      proofs: Type.Array(ref(HeldOneTimeToken), { description: 'one-time tokens that were sent and not used yet' }),
      events: Type.Array(ref(Activity), { description: 'what happened to the account, newest first' }),
    },
    { description: 'Everything that is held about a person' },
  ),
)
export type PersonalData = Static<typeof PersonalData>
