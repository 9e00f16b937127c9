/** Names that people type: how they are judged, and how they are made comparable. */
import validator from 'validator'

/**
 * The form in which two spellings of one identifier are equal: NFKC, then without case (UAX #31's fold, twice
 * normalised because folding can leave a string unnormalised).
 */
export function foldIdentifier(identifier: string): string {
  return identifier.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC')
}

/** Whether the string is an e-mail address that mail can be sent to (RFC 5321 with a domain name, RFC 6531). */
export function isEmail(address: string): boolean {
  return validator.isEmail(address, { allow_ip_domain: false, require_tld: true, allow_utf8_local_part: true })
}

/** Whether a login identifier can only be an e-mail address: user names hold no `@`. */
export function looksLikeEmail(identifier: string): boolean {
  return identifier.includes('@')
}

/** Whether the string can be stored and shown: well-formed Unicode without control characters. */
export function isPlainText(text: string): boolean {
  return text.isWellFormed() && !/\p{Cc}/u.test(text)
}

/** Whether the string has only what a user name may have; its length is the schema's matter. */
export function isUsername(name: string): boolean {
  return /^[\p{L}\p{M}\p{N}._-]+$/u.test(name)
}
