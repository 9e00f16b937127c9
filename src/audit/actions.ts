/** Everything that the audit log can tell of; a closed list, in alphabetical order. */
export const ACTIONS = [
  'account.create',
  'account.delete',
  'account.disable',
  'account.enable',
  'account.export',
  'account.lock',
  'account.unlock',
  'account.update',
  'accounts.export',
  'accounts.import',
  'audit.export',
  'key.create',
  'key.revoke',
  'mail.abandon',
  'password.change',
  'roles.change',
  'session.end',
  'session.reauthenticate',
  'session.start',
] as const
export type Action = (typeof ACTIONS)[number]
