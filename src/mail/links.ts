import type { Deps } from '../deps.ts'

/** Where links in messages lead; Latchkey has a small page for each, unless `APP_URL` names a front end that has. */
export const PAGES = [
  'accept-invitation',
  'confirm-email-change',
  'end-session',
  'reset-password',
  'sign-in',
  'undo-email-change',
  'unlock',
  'verify-email',
] as const
export type Page = (typeof PAGES)[number]

/** The link to a page, with the token that it is for: to the operator's front end where there is one. */
export function linkTo({ config }: Pick<Deps, 'config'>, page: Page, token: string): string {
  return `${config.app_url ?? config.public_url}/${page}?token=${encodeURIComponent(token)}`
}
