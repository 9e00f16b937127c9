/** Names that people type: how they are judged, and how they are made comparable. */
import { domainToASCII, domainToUnicode } from 'node:url'
import addresses from 'validator/lib/isEmail.js'

/**
 * The form in which two spellings of one identifier are equal: NFKC, without what cannot be seen, without case.
 * Down, up and down again, since the capital sharp s and its like only meet their small forms that way; normalised
 * twice, since folding can leave a string unnormalised.
 */
export function foldIdentifier(identifier: string): string {
  const visible = identifier.normalize('NFKC').replace(/\p{Default_Ignorable_Code_Point}/gu, '')
  return visible.toLowerCase().toUpperCase().toLowerCase().normalize('NFKC')
}

/**
 * Whether the string is an e-mail address that mail can be sent to (RFC 5321 with a domain name, RFC 6531), as it stands: what
 * whoever sends would have to write in another way might reach somebody else.
 */
export function isEmail(address: string): boolean {
  const options = { allow_ip_domain: false, require_tld: true, allow_utf8_local_part: true }
  return isPlainText(address) && isVisible(address) && addresses.default(address, options) && isSentAsTyped(address)
}

/** Words with dots between them (RFC 5322, `dot-atom`; RFC 6531), without quotation marks, comments and blanks of any kind. */
const DOT_ATOM =
  /^(?:[\w!#$%&'*+/=?^`{|}~-]|[^\p{ASCII}\p{Z}\p{C}])+(?:\.(?:[\w!#$%&'*+/=?^`{|}~-]|[^\p{ASCII}\p{Z}\p{C}])+)*$/u

/** Whether nothing has to be quoted, and the domain is the one that it looks like, but for case (RFC 5891, UTS #46). */
function isSentAsTyped(address: string): boolean {
  const at = address.lastIndexOf('@')
  const typed = address
    .slice(at + 1)
    .toLowerCase()
    .normalize('NFC')
  const ascii = domainToASCII(typed)
  return DOT_ATOM.test(address.slice(0, at)) && (ascii === typed || domainToUnicode(ascii) === typed)
}

/**
 * Whether two spellings of an address are one mailbox everywhere: alike but for case. Others that are one identifier may be
 * two mailboxes, and two domains, such as with ß and with ss (RFC 5891).
 */
export function isSameMailbox(one: string | null, other: string): boolean {
  return one !== null && foldMailbox(one) === foldMailbox(other)
}

/** The form in which two spellings of one mailbox are equal. */
export function foldMailbox(address: string): string {
  return address.normalize('NFC').toLowerCase()
}

/**
 * Whether an address is written as the identifier that it is, but for case. Of the mailboxes that are one identifier here this
 * is one, and anybody can think up others: with ß for ss, or with letters of full width.
 */
export function isCanonical(address: string): boolean {
  return foldMailbox(address) === foldIdentifier(address)
}

/** Whether a login identifier can only be an e-mail address: user names hold no `@`. */
export function looksLikeEmail(identifier: string): boolean {
  return identifier.includes('@')
}

/** Whether the string can be stored and shown: well-formed Unicode without control characters. */
export function isPlainText(text: string): boolean {
  return text.isWellFormed() && !/\p{Cc}/u.test(text)
}

/** Whether the string has only what a user name may have, and something to read; its length is the schema's matter. */
export function isUsername(name: string): boolean {
  return /^[\p{L}\p{M}\p{N}._-]+$/u.test(name) && /[\p{L}\p{N}]/u.test(name) && isVisible(name)
}

/** No character that shows nothing: with one, two names could look the same. */
function isVisible(text: string): boolean {
  return !/\p{Default_Ignorable_Code_Point}/u.test(text)
}
