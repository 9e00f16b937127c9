import type { Language, Sayings } from '../../language.ts'
import type { Gathered, MessageData } from '../../messages.ts'

const until = (say: Sayings, at: number) => `The link works once, until ${say.time(at)}.`

export const messages: Language['messages'] = {
  'email-change-confirm': ({ link, expires_at }, say) => ({
    subject: 'Confirm your new e-mail address',
    paragraphs: [`This address is to become the one of an account at ${say.service}. Confirm that it is yours.`],
    action: { label: 'Confirm this address', link },
    after: [until(say, expires_at), 'If you did not ask for this, do nothing: without the link nothing changes.'],
  }),

  'email-changed': ({ link, expires_at, at, new_email }, say) => ({
    subject: 'Your e-mail address was changed',
    paragraphs: [`The e-mail address of your account at ${say.service} is another one now.`],
    facts: [
      ['New address', new_email],
      ['When', say.time(at)],
    ],
    action: { label: 'Undo the change', link },
    after: [
      'If this was you, there is nothing to do.',
      `If it was not, undo the change, and then choose a new password. The link works once, until ${say.time(expires_at)}.`,
    ],
  }),

  'email-released': ({ at, email }, say) => ({
    subject: 'An address left your account',
    paragraphs: [
      `Your account at ${say.service} went by an e-mail address that was never proved to be yours. Somebody else has proved it, so your account goes by this one again.`,
    ],
    facts: [
      ['Address', email],
      ['When', say.time(at)],
    ],
    after: ['Nothing else has changed. If the other address is yours too, look which of your accounts has it now.'],
  }),

  'email-verify': ({ link, expires_at }, say) => ({
    subject: 'Verify your e-mail address',
    paragraphs: [`This e-mail address was given for an account at ${say.service}. Verify that it is yours.`],
    action: { label: 'Verify this address', link },
    after: [
      until(say, expires_at),
      'If you want no account there, do nothing: without the link the address belongs to none.',
    ],
  }),

  invitation: ({ link, expires_at }, say) => ({
    subject: `You are invited to ${say.service}`,
    paragraphs: [`Somebody at ${say.service} has invited you to open an account there.`],
    action: { label: 'Accept the invitation', link },
    after: [until(say, expires_at), 'If you do not want an account, do nothing: none is made without the link.'],
  }),

  locked: ({ link, expires_at, at }, say) => ({
    subject: 'Sign-in to your account is limited',
    paragraphs: [
      `There were too many wrong passwords or codes for your account at ${say.service}. Sign-in from unknown devices has to wait now. Devices that you have signed in from before are not concerned.`,
    ],
    facts: [['When', say.time(at)]],
    action: { label: 'Allow sign-in again', link },
    after: [
      until(say, expires_at),
      'If this was not you, somebody may be guessing your password or the codes that you are sent. Nobody got in. You need not do anything; a password that you use nowhere else keeps you safe.',
    ],
  }),

  'new-device': ({ link, expires_at, at, ip, user_agent }, say) => ({
    subject: 'Sign-in from a new device',
    paragraphs: [`Somebody signed in to your account at ${say.service} from a device that was not seen before.`],
    facts: factsOf({ at, ip, user_agent }, say),
    action: { label: 'This was not me: end that session', link },
    after: [
      'If this was you, there is nothing to do.',
      `If it was not, end that session and choose a new password at once. The link works once, until ${say.time(expires_at)}.`,
    ],
  }),

  'password-changed': ({ at, ip, user_agent }, say) => ({
    subject: 'Your password was changed',
    paragraphs: [`Your account at ${say.service} has a new password.`],
    facts: factsOf({ at, ip, user_agent }, say),
    after: [
      'If this was you, there is nothing to do.',
      'If it was not, say that you have forgotten your password where you sign in: you will get a link to this address, with which you choose a new one, and every session ends.',
    ],
  }),

  'password-reset': ({ link, expires_at }, say) => ({
    subject: 'Choose a new password',
    paragraphs: [`Somebody asked for a new password for your account at ${say.service}.`],
    action: { label: 'Choose a new password', link },
    after: [until(say, expires_at), 'If this was not you, do nothing: your password stays as it is.'],
  }),

  'registration-attempt': ({ at }, say) => ({
    subject: 'You already have an account',
    paragraphs: [
      `Somebody gave this e-mail address for an account at ${say.service}. It has one already, so nothing was changed.`,
    ],
    facts: [['When', say.time(at)]],
    after: [
      'If this was you, sign in with your password, or say there that you have forgotten it.',
      'If it was not, there is nothing to do.',
    ],
  }),

  'security-digest': ({ gathered, undo }, say) => ({
    subject: 'What happened at your account',
    paragraphs: [
      `There was more to tell of your account at ${say.service} than we send messages for. This is all of it since the last one. What happened in detail is in the list of your account’s activity.`,
    ],
    facts: gathered.map((each) => [HAPPENED[each.kind], sumOf(each, say)] as const),
    ...(undo && { action: { label: 'Undo the last change of address', link: undo.link } }),
    after: [
      'If all of this was you, there is nothing to do.',
      'If it was not, say that you have forgotten your password where you sign in: you will get a link with which you choose a new one, and every session ends.',
      ...(undo ? [until(say, undo.expires_at)] : []),
    ],
  }),

  'sign-in-code': ({ code, expires_at }, say) => ({
    subject: `Your code for ${say.service}`,
    paragraphs: ['Type this code where you are signing in:'],
    code,
    after: [
      `The code works once, until ${say.time(expires_at)}.`,
      'Give it to nobody: nobody from us will ever ask for it. If you are not signing in, do nothing; somebody may have mistyped their address.',
    ],
  }),

  'sign-in-link': ({ link, expires_at }, say) => ({
    subject: `Your link for ${say.service}`,
    paragraphs: [`This link signs you in to ${say.service}.`],
    action: { label: 'Sign in', link },
    after: [
      until(say, expires_at),
      'Pass it on to nobody. If you are not signing in, do nothing: without the link nobody gets in.',
    ],
  }),
}

function factsOf({ at, ip, user_agent }: MessageData['password-changed'], say: Sayings) {
  const device = say.device(user_agent)
  return [
    ['When', say.time(at)],
    ...(ip ? [['Address', ip] as const] : []),
    ...(device ? [['Device', device] as const] : []),
  ] as const
}

const HAPPENED: Readonly<Record<Gathered['kind'], string>> = {
  'email-changed': 'Address changed',
  'email-released': 'Address proved by another account',
  locked: 'Sign-in limited after wrong passwords or codes',
  'new-device': 'Sign-in from a new device',
  'password-changed': 'Password changed',
}

/** How often, and when last and from where. */
function sumOf({ count, last }: Gathered, say: Sayings): string {
  const said = [say.time(last.at), last.ip, say.device(last.user_agent)].filter(Boolean).join(', ')
  return count === 1 ? said : `${count} times, last: ${said}`
}
