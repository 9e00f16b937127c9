/** What a terminal gets. Names, agents and rows are others' words: a terminal would take some of them for commands. */

/**
 * Characters that move a cursor, change what was written, or turn the direction of writing: C0, C1 and DEL (with them every
 * escape sequence), the controls of bidirectional text, and line ends that are none to us.
 */
const CONTROLS = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu

/** Text of several lines, with everything in it visible that is not meant to be seen. */
export function printable(text: string): string {
  return text.replace(CONTROLS, (character) => (character === '\n' ? character : codeOf(character)))
}

/** The same for one line: a value in it makes no second one. */
export function printableLine(text: string): string {
  return text.replace(CONTROLS, codeOf)
}

const codeOf = (character: string) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`

/** Says on standard error what is wrong, in one line. */
export function complain(line: string): void {
  process.stderr.write(`latchkey: ${printableLine(line)}\n`)
}
