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
