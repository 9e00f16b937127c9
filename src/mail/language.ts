/** What a language has to say: a folder below `languages/` each, whose `index.ts` has one of these. */
import type { Page } from './links.ts'
import type { MessageData, Template } from './messages.ts'

/** A message in words. None of it is markup: the layout escapes all. */
export interface Words {
  subject: string
  /** one or more, before everything else */
  paragraphs: readonly string[]
  /** what is known of what happened */
  facts?: readonly (readonly [label: string, value: string])[]
  /** what the link does, as the words on a button */
  action?: { label: string; link: string }
  /** to be typed somewhere */
  code?: string
  /** what to do if it was not you, and the like */
  after: readonly string[]
}

/** What words are put together with. */
export interface Sayings {
  /** what the service is called */
  service: string
  /** a time in the reader's own way of writing it, with its zone */
  time: (at: number) => string
  /** a browser and a system in words; undefined where neither is known */
  device: (userAgent: string | null | undefined) => string | undefined
}

/** What a page says before and after its one button. */
export interface PageWords {
  title: string
  text: string
  button: string
  done: { title: string; text: string }
  /** what a field is called here, where that is not what it is called elsewhere */
  fields?: { readonly [F in Field]?: { label: string; hint?: string } }
  /** for who did not ask for what the page does */
  otherwise?: { text: string; button: string }
}

/** What a page can ask for, in this order. */
export const FIELDS = ['username', 'name', 'new_password', 'password'] as const
export type Field = (typeof FIELDS)[number]

/** Why a page could not do what it is for; `other` is anything else. */
export const SETBACKS = [
  'cross_site_request',
  'current_password_wrong',
  'email_taken',
  'link_incomplete',
  'one_time_token_invalid',
  'other',
  'overloaded',
  'password_breached',
  'password_common',
  'password_contains_name',
  'password_too_short',
  'rate_limited',
  'requester_unproved',
  'username_taken',
  'validation_failed',
] as const
export type Setback = (typeof SETBACKS)[number]

/** What the pages say. */
export interface PagesWords {
  pages: { readonly [P in Page]: PageWords }
  fields: { readonly [F in Field]: { label: string; hint?: string } }
  setbacks: Readonly<Record<Setback, string>>
  /** stands above a setback */
  failed: string
  /** where there is nothing to sign in to */
  noSignIn: string
}

/** Everything in one language. */
export interface Language extends PagesWords {
  greeting: (name: string | undefined) => string
  /** stands below every message */
  footer: (service: string) => string
  messages: { readonly [T in Template]: (data: MessageData[T], say: Sayings) => Words }
}
