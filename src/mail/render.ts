/** A message in the words of a language. */
import type { Deps } from '../deps.ts'
import { describeDevice } from './device.ts'
import type { Language, Sayings, Words } from './language.ts'
import { chooseLanguage, loadLanguage } from './languages.ts'
import { loadLayouts } from './layout.ts'
import type { MessageData, Template } from './messages.ts'

export interface Rendered {
  subject: string
  text: string
  html: string
}

/** Longer names are left out, in characters. */
const NAME_LENGTH = 64

/**
 * Puts a message into words.
 * @param locale the reader's, BCP 47; null: the service's own
 */
export async function renderMessage<T extends Template>(
  { config }: Pick<Deps, 'config'>,
  template: T,
  data: MessageData[T],
  locale: string | null,
): Promise<Rendered> {
  const language = chooseLanguage(locale, config.default_locale)
  const spoken = await loadLanguage(language)
  const { text, html } = await loadLayouts()
  const words = wordsOf(spoken, template, harmless(data), {
    service: config.service_name,
    time: timeIn(locale?.startsWith(language) ? locale : language),
    device: describeDevice,
  })
  const greeting = spoken.greeting(sayable(data.name))
  const letter = { ...words, language, greeting, footer: spoken.footer(config.service_name) }
  return { subject: words.subject, text: text(letter), html: html(letter) }
}

function wordsOf<T extends Template>(language: Language, template: T, data: MessageData[T], say: Sayings): Words {
  return language.messages[template](data, say)
}

/** In UTC, and says so: nobody knows where the reader is. */
function timeIn(locale: string): (at: number) => string {
  const format = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' })
  return (at) => `${format.format(at)} UTC`
}

/** What ends a line, what cannot be seen, and what turns the direction of writing around. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu

/** The data with every string on one line, in the order in which it is read. */
function harmless<D extends object>(data: D): D {
  const members = Object.entries(data).map(([name, value]) => [name, typeof value === 'string' ? shown(value) : value])
  return Object.fromEntries(members) as D
}

const shown = (text: string) => text.replace(UNSEEN, ' ').trim()

/**
 * A name that may stand in a message. Who registers with somebody else's address chooses the name in a message to them:
 * one that a reader of mail could take for a link, or that is a text of its own, is left out.
 */
function sayable(name: string | null | undefined): string | undefined {
  const said = shown(name ?? '')
  const misleads = /[/:@\\<>[\]]|\.\p{L}/u.test(said) || [...said].length > NAME_LENGTH
  return misleads || said === '' ? undefined : said
}
