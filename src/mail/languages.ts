/** The languages there are: the folders below `languages/`, named by their BCP 47 tags. */
import { readdirSync } from 'node:fs'
import type { Language } from './language.ts'

const FOLDER = new URL('languages/', import.meta.url)

/** What is spoken where nothing else is asked for. */
const LAST_RESORT = 'en'

let found: readonly string[] | undefined

/** Their tags, in alphabetical order. */
export function languages(): readonly string[] {
  found ??= readdirSync(FOLDER).sort()
  return found
}

/**
 * The language that serves a reader best: that of the first tag for which there is a folder, of this very tag or of one
 * that says less (RFC 4647, section 3.4).
 */
export function chooseLanguage(...tags: readonly (string | null | undefined)[]): string {
  for (const tag of tags) {
    const parts = tag?.split('-') ?? []
    while (parts.length > 0) {
      const said = parts.join('-').toLowerCase()
      const language = languages().find((each) => each.toLowerCase() === said)
      if (language) return language
      parts.pop()
    }
  }
  return LAST_RESORT
}

/** Loads a language, once. */
export async function loadLanguage(language: string): Promise<Language> {
  const module: { default: Language } = await import(new URL(`${language}/index.ts`, FOLDER).href)
  return module.default
}

/** More than anybody speaks. */
const MOST_LANGUAGES = 20

/** The tags of an `Accept-Language` (RFC 9110, section 12.5.4), those that are liked best first. */
export function acceptedLanguages(header = ''): readonly string[] {
  return header
    .split(',', MOST_LANGUAGES)
    .map((entry) => {
      const [tag = '', ...parameters] = entry.split(';').map((part) => part.trim())
      const weight = parameters.find((each) => each.startsWith('q='))
      return { tag, weight: weight === undefined ? 1 : Number(weight.slice(2)) }
    })
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => b.weight - a.weight)
    .map(({ tag }) => tag)
}
