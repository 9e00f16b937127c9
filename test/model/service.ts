/** The operations of the model, done to the service. */
import type { FastifyInstance } from 'fastify'
import { bearer, type Clock, getMe, post, refresh, somebody, type Tokens } from '../support/app.ts'
import { apply, type Expected, longestPass, type Model, type Operation, type Pass, type Token } from './rules.ts'

interface Answer {
  code: string
  tokens: Tokens | undefined
}

/** An account in the service, and which real token stands for which of the model. */
export interface Subject {
  app: FastifyInstance & { clock: Clock }
  username: string
  /** refresh tokens by session and generation */
  refreshTokens: Map<string, string>
  passes: { pass: Pass; token: string; session_id: string }[]
}

const nameOf = ({ session, generation }: Token) => `${session}/${generation}`
const passwordOf = (number: number) => `the password number ${number}`

/** Makes an account whose first session, which the model does not know, is over. */
export async function newSubject(app: Subject['app']): Promise<Subject> {
  const person = somebody({ password: passwordOf(0) })
  const answer = await post(app, '/auth/register', person)
  await post(app, '/auth/logout', { refresh_token: answer.json<Tokens>().refresh_token })
  return { app, username: person.username, refreshTokens: new Map(), passes: [] }
}

async function perform({ app, username, refreshTokens, passes }: Subject, operation: Operation): Promise<Answer> {
  const real = (token: Token) => refreshTokens.get(nameOf(token)) ?? ''
  const held = (pass: Pass) => passes.find((candidate) => candidate.pass === pass) as Subject['passes'][number]
  const send = () => {
    switch (operation.do) {
      case 'sign in':
        return post(app, '/auth/login', { identifier: username, password: passwordOf(operation.password) })
      case 'refresh':
        return refresh(app, real(operation.token))
      case 'log out':
        return post(app, '/auth/logout', { refresh_token: real(operation.token) })
      case 'look':
        return getMe(app, held(operation.pass).token)
      case 'revoke': {
        const target = passes.find(({ pass }) => pass.session === operation.session)
        const url = `/api/v1/users/me/sessions/${target?.session_id}`
        return app.inject({ method: 'DELETE', url, headers: bearer(held(operation.by).token) })
      }
      case 'change password':
        return post(
          app,
          '/users/me/password',
          { current_password: passwordOf(operation.from), new_password: passwordOf(operation.to) },
          bearer(held(operation.by).token),
        )
    }
  }
  const answer = await send()
  if (answer.statusCode >= 300) return { code: answer.json<{ code: string }>().code, tokens: undefined }
  const hasTokens = operation.do === 'sign in' || operation.do === 'refresh'
  return { code: 'ok', tokens: hasTokens ? answer.json<Tokens>() : undefined }
}

const ORDERS = {
  1: [[0]],
  2: [
    [0, 1],
    [1, 0],
  ],
} as const

/**
 * Does one operation, or two at once, and finds the order in which the model would have answered the same.
 * @returns the model after it
 * @throws when there is no such order
 */
export async function step(subject: Subject, model: Model, operations: readonly Operation[]): Promise<Model> {
  const answers = await Promise.all(operations.map((operation) => perform(subject, operation)))
  const reasons: string[] = []
  for (const order of ORDERS[operations.length as 1 | 2]) {
    const tokens = new Map(subject.refreshTokens)
    let state = model
    const faults = order.flatMap((index) => {
      const { model: next, expected } = apply(state, operations[index] as Operation)
      state = next
      return difference(tokens, expected, answers[index] as Answer)
    })
    if (faults.length === 0) {
      subject.refreshTokens = tokens
      for (const answer of answers) learnPass(subject, state, answer)
      return state
    }
    reasons.push(...faults)
  }
  const asked = operations.map((operation) => JSON.stringify(operation)).join(' beside ')
  throw new Error(`${asked}: ${[...new Set(reasons)].join('; ')}`)
}

/** What is wrong with an answer; a token that came with a right one gets its name. */
function difference(tokens: Map<string, string>, { codes, token }: Expected, answer: Answer): string[] {
  if (!codes.includes(answer.code)) return [`${answer.code} in place of ${codes.join(' or ')}`]
  const given = answer.tokens?.refresh_token
  if (!token || given === undefined) return []
  const known = tokens.get(nameOf(token))
  if (known !== undefined) return known === given ? [] : ['another successor than before']
  if ([...tokens.values()].includes(given)) return ['a token that was handed out before']
  tokens.set(nameOf(token), given)
  return []
}

function learnPass({ refreshTokens, passes }: Subject, model: Model, { tokens }: Answer): void {
  if (!tokens) return
  const [name = ''] = [...refreshTokens].find(([, token]) => token === tokens.refresh_token) ?? []
  const session = Number.parseInt(name, 10)
  const { sid, exp } = JSON.parse(Buffer.from(tokens.access_token.split('.')[1] ?? '', 'base64url').toString())
  // the claim counts whole seconds
  if (exp * 1000 > model.now + longestPass(model, session) + 1000) throw new Error('a pass outlives its session')
  passes.push({ pass: { session, expires_at: exp * 1000 }, token: tokens.access_token, session_id: sid })
}
