import type { PagesWords } from '../../language.ts'

export const pages: PagesWords = {
  pages: {
    'accept-invitation': {
      title: 'Accept the invitation',
      text: 'Choose how you will sign in. Your account has the e-mail address that the invitation was sent to.',
      button: 'Make my account',
      done: { title: 'Your account is made', text: 'You can sign in now.' },
    },
    'confirm-email-change': {
      title: 'Confirm your new e-mail address',
      text: 'With this your account has the address that the message was sent to.',
      button: 'Confirm this address',
      fields: { password: { label: 'Password', hint: 'That of the account which is to have this address.' } },
      done: { title: 'The address is confirmed', text: 'Your account has the new e-mail address now.' },
    },
    'end-session': {
      title: 'End that session',
      text: 'Whoever signed in there is signed out at once.',
      button: 'End the session',
      done: {
        title: 'The session has ended',
        text: 'If it was not you who signed in, somebody knows your password: choose a new one at once.',
      },
    },
    'reset-password': {
      title: 'Choose a new password',
      text: 'With this you are signed out everywhere, and sign in anew with the new password.',
      button: 'Set the password',
      done: { title: 'The password is set', text: 'You can sign in with it now.' },
    },
    'sign-in': {
      title: 'Sign in',
      text: 'With this you are signed in, and the link is used up.',
      button: 'Sign in',
      done: { title: 'You are signed in', text: 'These tokens are shown outside production only.' },
    },
    'undo-email-change': {
      title: 'Undo the change of your e-mail address',
      text: 'With this your account has this address again. You are signed out everywhere, the password no longer holds, and you get a link to choose a new one.',
      button: 'Undo the change',
      done: {
        title: 'The change is undone',
        text: 'A message with a link to choose a new password is on its way to you.',
      },
    },
    unlock: {
      title: 'Allow sign-in again',
      text: 'With this nobody has to wait any more before signing in to your account.',
      button: 'Allow sign-in',
      done: { title: 'Sign-in is allowed again', text: 'You can sign in now.' },
    },
    'verify-email': {
      title: 'Verify your e-mail address',
      text: 'With this the address belongs to your account for certain.',
      button: 'Verify this address',
      fields: { password: { label: 'Password', hint: 'The one that you chose when you registered.' } },
      otherwise: {
        text: 'If you chose no password, somebody else has given your address. Choose one now: whoever gave it is shut out.',
        button: 'I did not choose one: set a new password',
      },
      done: { title: 'The address is verified', text: 'There is nothing more to do here.' },
    },
  },
  fields: {
    new_password: {
      label: 'New password',
      hint: 'A few words that belong to you alone are better than one with odd signs.',
    },
    password: { label: 'Password', hint: 'A few words that belong to you alone are better than one with odd signs.' },
    username: { label: 'User name', hint: 'Letters, digits and . _ -' },
    name: { label: 'What to call you (may be left empty)' },
  },
  setbacks: {
    cross_site_request: 'Another site sent this form. Open the link in the message once more.',
    current_password_wrong: 'That is not the password.',
    email_taken: 'That e-mail address belongs to another account by now.',
    link_incomplete: 'The link is not complete. Copy all of it out of the message, or ask for a new one.',
    one_time_token_invalid: 'The link has been used, does not count any more, or is too old. Ask for a new one.',
    other: 'That did not work. Try again later.',
    overloaded: 'There is too much to do just now. Try again in a moment.',
    password_breached: 'This password has become known elsewhere. Choose another one.',
    password_common: 'This password is one that many people use. Choose another one.',
    password_contains_name:
      'This password is made of your name, your address or the name of the service. Choose another one.',
    password_too_short: 'This password is too short. Choose a longer one.',
    rate_limited: 'There were too many tries. Wait a while, and try again.',
    requester_unproved:
      'The message was opened in another browser than the one that asked for it. Show that it was you by your password.',
    username_taken: 'This user name is taken. Choose another one.',
    validation_failed: 'Something in the form cannot be used. Look it over, and try again.',
  },
  failed: 'That did not work',
  noSignIn: 'There is nothing to sign in to on this page. The link is meant for an application, and is still good.',
}
