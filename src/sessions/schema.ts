import { type Static, Type } from '@sinclair/typebox'
import { NextCursor, pageQuery } from '../pages.ts'
import { closed, named, openEnumOf, ref, Timestamp, Uuid } from '../schemas.ts'

const RefreshTokenString = Type.String({
  minLength: 1,
  maxLength: 512,
  description: 'opaque; keep it as secret as a password',
  example: 'lkr_AZjBon0-e0qcVQ8vbB2eIQAAAAEr1g7p0cQe3t0eKfQ2mXc8yC8n0tq1WmVvI3oXbq0mFQ',
})

/** What a device is known by. */
export const DeviceToken = Type.String({
  description:
    'of a device that was not known: send it as `X-Device-Token` with later sign-ins; browsers have a cookie',
  example: 'lkd_V3bC0b7m0mS1dT2uY4xQ6wR8zK9pL5nHcG7fD2sA1oIuYtReWqZxCvBn',
})

export const TokenType = named(
  'TokenType',
  openEnumOf(['Bearer'], { description: 'how the access token is sent (RFC 6750)', example: 'Bearer' }),
)

export const TokenPair = named(
  'TokenPair',
  Type.Object(
    {
      access_token: Type.String({
        description: 'a JWT for the `Authorization` header',
        example: 'eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.e30.c2ln',
      }),
      token_type: ref(TokenType),
      expires_in: Type.Integer({ description: 'life of the access token, in seconds', example: 900 }),
      refresh_token: RefreshTokenString,
      device_token: Type.Optional(DeviceToken),
      refresh_token_expires_in: Type.Integer({
        description: 'life of the refresh token, in seconds',
        example: 1209600,
      }),
    },
    { description: 'A session’s tokens' },
  ),
)
export type TokenPair = Static<typeof TokenPair>

export const RefreshTokenBody = named('RefreshTokenBody', closed({ refresh_token: RefreshTokenString }))

export const Session = named(
  'Session',
  Type.Object(
    {
      id: Uuid('names the session; the `sid` of its access tokens'),
      created_at: Timestamp('when it began'),
      last_used_at: Timestamp('when its refresh token was last exchanged'),
      expires_at: Timestamp('when it ends unless it is refreshed'),
      ip: Type.Optional(Type.String({ description: 'the address it began from', example: '203.0.113.7' })),
      user_agent: Type.Optional(Type.String({ description: 'the program it began from', example: 'curl/8.5.0' })),
      current: Type.Boolean({ description: 'whether it is the one that asks', example: true }),
    },
    { description: 'A signed-in device' },
  ),
)
export type Session = Static<typeof Session>

/** So many fill less than 64 KB, whatever their programs call themselves. */
const MOST_OF_PAGE = 80

/** As many as can be where nothing is said: clients of 0.1.0 know no pages. */
export const SessionQuery = Type.Object(pageQuery(MOST_OF_PAGE, MOST_OF_PAGE))
export type SessionQuery = Static<typeof SessionQuery>

export const SessionList = named(
  'SessionList',
  Type.Object({ items: Type.Array(ref(Session), { description: 'newest first' }), next_cursor: NextCursor }),
)
export type SessionList = Static<typeof SessionList>
