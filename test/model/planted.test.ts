/** The model is worth something only if it finds bugs: these are planted into the service's source while it is loaded. */
import t from 'tap'
import { emptyFolder, PROJECT, startChild } from '../support/child.ts'

/** Each is an expression of a file under src/, and another in its place. */
const BUGS = {
  'the grace window reaches back one generation too far': [
    'sessions/refresh.ts',
    'presented.generation === session.generation - 1',
    'presented.generation >= session.generation - 2',
  ],
  'the grace window reaches back one generation too few': [
    'sessions/refresh.ts',
    'presented.generation === session.generation - 1',
    'presented.generation === session.generation',
  ],
  'the grace window is a millisecond too long': [
    'sessions/refresh.ts',
    'session.rotated_at < deps.config.refresh_grace',
    'session.rotated_at <= deps.config.refresh_grace',
  ],
  'of two refreshes at once the one that came late is refused': [
    'sessions/refresh.ts',
    'return repeat(deps, await authenticate(deps, presented), presented, origin)',
    "throw new Failure('refresh_token_invalid')",
  ],
  'a changed password leaves the other sessions alone': [
    'sign-in/change-password.ts',
    "return revokeSessions(tx, deps, account, 'password_changed', actor, session_id)",
    'return 0',
  ],
  'a session that was ended is remembered as it was': [
    'sessions/end.ts',
    'await deps.states.forgetSession(tx, id)',
    '',
  ],
} as const

/** Enough for the rarest of them, which a sequence in two hundred shows. */
const SEQUENCES = 3000

for (const [bug, [file, right, wrong]] of Object.entries(BUGS)) {
  t.test(`it is found when ${bug}`, async (t) => {
    const { ended } = startChild(t, {
      args: [`${PROJECT}/test/model/plant.ts`, file, right, wrong, String(SEQUENCES)],
      cwd: emptyFolder(t),
      // its own limit, s: tap gives a file that is run by itself 30
      env: { TAP_TIMEOUT: '600' },
    })
    const { code, stdout, stderr } = await ended
    t.match({ code, stdout, stderr }, { code: 0, stdout: /^found: /, stderr: '' })
    t.comment(stdout)
  })
}
