/** Languages as BCP 47 tags. */

/** Whether the text is a well-formed tag (RFC 5646), whatever language it names. */
export function isLocale(text: string): boolean {
  return canonicalLocale(text) !== undefined
}

/** The tag in its usual spelling, such as `de-AT` for `DE-at`; undefined for what is none. */
export function canonicalLocale(text: string): string | undefined {
  try {
    return Intl.getCanonicalLocales(text)[0]
  } catch {
    return undefined
  }
}
