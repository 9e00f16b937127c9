/** What stood before the attacks were seen: each repair is taken out, and its attack has to succeed again. */
import type { Mutant } from './mutant.ts'

const CROSS_SITE = ['test/attacks/cross-site.test.ts']
const DEVICES = ['test/attacks/devices.test.ts']
const FINDING_OUT = ['test/faults/finding-out.test.ts']
const LOOK_ALIKES = ['test/attacks/look-alikes.test.ts']
const TERMINAL = ['test/attacks/terminal.test.ts']

export const ATTACKS: readonly Mutant[] = [
  {
    mistake: 'a sign-in takes over the device of somebody else',
    file: 'src/devices/device.ts',
    from: '  await makeRoom(tx, known, likeness, at)\n',
    to: `  for (const each of digestsOfDevice(deps.keys.deviceKeys, origin.device))
    await tx
      .updateTable('known_devices')
      .set({ digest })
      .where('digest', '=', each)
      .where('user_id', '<>', userId)
      .execute()
  await makeRoom(tx, known, likeness, at)
`,
    tests: DEVICES,
  },
  {
    mistake: 'a browser that says no more than its origin is believed whatever it says',
    file: 'routes/sender.ts',
    from: "headers.origin === server.config.public_origin ? 'own' : 'foreign'",
    to: "headers.origin !== '' && server ? 'own' : 'foreign'",
    tests: CROSS_SITE,
  },
  {
    mistake: 'any host of the domain can set the cookie of a device',
    file: 'routes/device.ts',
    from: 'isSecure ? SECURE_COOKIE : PLAIN_COOKIE',
    to: 'PLAIN_COOKIE',
    tests: CROSS_SITE,
  },
  {
    mistake: 'commands print lines as they stand in the database',
    file: 'src/commands/terminal.ts',
    from: 'process.stdout.write(`${printableLine(line)}\\n`)',
    to: 'process.stdout.write(`${line}\\n`)',
    tests: TERMINAL,
  },
  {
    mistake: 'commands complain in words as they stand in the database',
    file: 'src/operation/printable.ts',
    from: 'process.stderr.write(`latchkey: ${printableLine(line)}\\n`)',
    to: 'process.stderr.write(`latchkey: ${line}\\n`)',
    tests: TERMINAL,
  },
  {
    mistake: 'commands print documents as they stand in the database',
    file: 'src/commands/terminal.ts',
    from: "text.endsWith('\\n') ? printable(text) : `${printable(text)}\\n`",
    to: "text.endsWith('\\n') ? text : `${text}\\n`",
    tests: TERMINAL,
  },
  {
    mistake: 'of the controls only the older ones are seen',
    file: 'src/operation/printable.ts',
    from: '/[\\p{Cc}\\p{Bidi_Control}\\u2028\\u2029]/gu',
    to: '/[\\u0000-\\u001f\\u007f\\p{Bidi_Control}\\u2028\\u2029]/gu',
    tests: TERMINAL,
  },
  {
    mistake: 'a new account may go by a name that looks like another one',
    file: 'src/accounts/write.ts',
    from: 'if (profile.username !== undefined) await refuseLookAlike',
    to: 'if (profile.username === undefined) await refuseLookAlike',
    tests: LOOK_ALIKES,
  },
  {
    mistake: 'a name may be changed into one that looks like another one',
    file: 'src/accounts/write.ts',
    from: 'if (username !== undefined && username !== account.username) await',
    to: 'if (username !== undefined && username === account.username) await',
    tests: LOOK_ALIKES,
  },
  {
    mistake: 'names that an older version wrote are never looked at',
    file: 'plugins/look-alikes.ts',
    from: "await fillSkeletons(app.db, mayBeStale ? 'all' : 'missing', closing.signal)",
    to: 'void mayBeStale',
    tests: LOOK_ALIKES,
  },
  {
    mistake: 'every command looks at all names',
    file: 'plugins/look-alikes.ts',
    from: "app.addHook('onListen', async () => app.later(",
    to: "app.addHook('onReady', async () => app.later(",
    tests: LOOK_ALIKES,
  },
  {
    mistake: 'whoever waits behind a question that has no answer waits for the next one too',
    file: 'src/ephemeral/news.ts',
    from: 'if (isAsking && !foreignWrites) return',
    to: '',
    tests: FINDING_OUT,
  },
  {
    mistake: 'whoever asks how the service is waits for the database',
    file: 'src/operation/health.ts',
    from: '  await ephemeral.refuseUnfit()\n  await inTime(standing.check(), LOOK).catch((error) => {\n    // what was seen last counts\n    if (!isLate(error)) throw error\n  })\n',
    to: '  await standing.check()\n  await ephemeral.refuseUnfit()\n',
    tests: FINDING_OUT,
  },
  {
    mistake: 'a node is ready before it has heard the news',
    file: 'src/ephemeral/news.ts',
    from: '      else if (away !== undefined) throw away\n',
    to: '',
    tests: FINDING_OUT,
  },
  {
    mistake: 'a node is ready whose database takes no writes',
    file: 'src/ephemeral/news.ts',
    from: '      await confirmation.refuseUnwritable()\n',
    to: '',
    tests: FINDING_OUT,
  },
  {
    mistake: 'workers that are lost together wait for one another',
    file: 'src/workers/pool.ts',
    from: 'const places = Array.from({ length: config.workers }, (_, index): Place => ({ index, delay: backoff() }))',
    to: 'const delay = backoff()\n  const places = Array.from({ length: config.workers }, (_, index): Place => ({ index, delay }))',
    tests: ['test/src/pool.test.ts'],
  },
]
