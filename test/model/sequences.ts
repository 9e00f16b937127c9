/** Sequences of operations, made up by fast-check, done to the model and to the service side by side. */
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import type { KyselyPlugin } from 'kysely'
import { type Model, newModel, type Operation } from './rules.ts'
import { newSubject, type Subject, step } from './service.ts'

/** Lengths of time about which something changes, in ms: grace, an access token's life, its tolerance, a session's idleness. */
const LEAPS = [1, 1000, 9_999, 10_000, 300_000, 900_000, 905_000, 86_400_000, 14 * 86_400_000 - 1, 14 * 86_400_000]

interface Real {
  subject: Subject
}
interface State {
  model: Model
}
type Command = fc.AsyncCommand<State, Real>

/** Choices are made up before there is anything to choose from; they count modulo what there is then. */
type Make = (model: Model, subject: Subject) => Operation | undefined

const pick = <T>(list: readonly T[], choice: number): T | undefined => list[choice % list.length]
/** Small numbers, so that what is newest is chosen often. */
const choice = fc.oneof(fc.constant(0), fc.nat(2), fc.nat(40))
const newest = <T>(list: readonly T[], back: number): T | undefined => pick(list.toReversed(), back)

const tokensOf = ({ refreshTokens }: Subject) =>
  [...refreshTokens.keys()].map((name) => {
    const [session = 0, generation = 0] = name.split('/').map(Number)
    return { session, generation }
  })
const withToken =
  (make: 'refresh' | 'log out') =>
  (back: number): Make =>
  (_model, subject) => {
    const token = newest(tokensOf(subject), back)
    return token && { do: make, token }
  }
const passOf = ({ passes }: Subject, back: number) => newest(passes, back)?.pass

const signIn = choice.map(
  (wrong): Make =>
    ({ password }) => ({ do: 'sign in', password: wrong > 2 ? password + 1 : password }),
)
const refreshAny = choice.map(withToken('refresh'))
const logOut = choice.map(withToken('log out'))
const look = choice.map(
  (back): Make =>
    (_model, subject) => {
      const pass = passOf(subject, back)
      return pass && { do: 'look', pass }
    },
)
const revoke = fc.tuple(choice, choice).map(
  ([back, target]): Make =>
    ({ sessions }, subject) => {
      const by = passOf(subject, back)
      return by && { do: 'revoke', by, session: target % sessions.length }
    },
)
const changePassword = fc.tuple(choice, choice).map(
  ([back, wrong]): Make =>
    ({ password }, subject) => {
      const by = passOf(subject, back)
      return by && { do: 'change password', by, from: wrong > 2 ? password + 1 : password, to: password + 2 }
    },
)

function doing(makes: readonly Make[]): Command {
  let done = ''
  const make = (state: State, { subject }: Real) => makes.map((one) => one(state.model, subject))
  return {
    check: () => true,
    async run(state, real) {
      const operations = make(state, real).filter((operation) => operation !== undefined)
      done = operations.map((operation) => JSON.stringify(operation)).join(' beside ')
      if (operations.length > 0) state.model = await step(real.subject, state.model, operations)
    },
    toString: () => done,
  }
}

const waiting = (ms: number): Command => ({
  check: () => true,
  async run(state, { subject }) {
    subject.app.clock.advance(ms)
    state.model = { ...state.model, now: state.model.now + ms }
  },
  toString: () => `wait ${ms} ms`,
})

const anything = fc.oneof(
  { weight: 2, arbitrary: signIn },
  { weight: 6, arbitrary: refreshAny },
  { weight: 1, arbitrary: logOut },
  { weight: 3, arbitrary: look },
)
/**
 * Not two of these at once: a call that was admitted is carried out, also when the other one ends its session meanwhile,
 * which no order explains.
 */
const guarded = fc.oneof(revoke, changePassword)

const commands = fc.commands<State, Real, false>(
  [
    anything.map((make) => doing([make])),
    guarded.map((make) => doing([make])),
    fc.tuple(anything, fc.oneof({ weight: 4, arbitrary: anything }, guarded)).map(doing),
    fc.constantFrom(...LEAPS).map(waiting),
  ] as fc.Arbitrary<Command>[],
  { maxCommands: 25, size: 'max' },
)

/** After each query the next of these says how many turns of the event loop pass before its caller hears of it. */
const pauses = fc.array(fc.nat(2), { minLength: 8, maxLength: 8 })

/**
 * An embedded database answers at once, so that two requests would never meet between two of their queries, as they do
 * where several processes share a database.
 */
function pausing(next: () => number): KyselyPlugin {
  return {
    transformQuery: ({ node }) => node,
    async transformResult({ result }) {
      for (let turns = next(); turns > 0; turns -= 1) await turn()
      return result
    },
  }
}

/**
 * Runs so many sequences, each with an account of its own.
 * @param seed repeats the run that said so
 * @returns how many steps that were
 * @throws with the shortest sequence found after which model and service disagree, and the seed that finds it again
 */
export async function runSequences(app: Subject['app'], count: number, seed?: number): Promise<number> {
  let steps = 0
  let pause = () => 0
  const { db } = app
  app.db = db.withPlugin(pausing(() => pause()))
  const property = fc.asyncProperty(commands, pauses, async (sequence, turns) => {
    let queries = 0
    pause = () => turns[queries++ % turns.length] ?? 0
    const real = { subject: await newSubject(app) }
    const model = { model: newModel(app.clock.now()) }
    await fc.asyncModelRun(() => ({ model, real }), sequence)
    steps += [...sequence].length
  })
  try {
    await fc.assert(property, { numRuns: count, ...(seed !== undefined && { seed }) })
  } finally {
    app.db = db
  }
  return steps
}
