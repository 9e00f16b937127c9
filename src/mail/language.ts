/** What a language has to say: a folder below `languages/` each, whose `index.ts` has one of these. */
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

/** Everything in one language. */
export interface Language {
  greeting: (name: string | undefined) => string
  /** stands below every message */
  footer: (service: string) => string
  messages: { readonly [T in Template]: (data: MessageData[T], say: Sayings) => Words }
}
