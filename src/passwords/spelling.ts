/** What people do to a word to make a password of it, undone. Everything here works on folded text. */

/** The form in which two spellings of one password are equal: NFKC, without case. */
export function foldPassword(password: string): string {
  return password.normalize('NFKC').toLowerCase().normalize('NFKC')
}

/** Digits and signs that stand for letters; `1` and `!` stand for two. */
const LETTERS: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '!': 'i',
  '|': 'l',
  '3': 'e',
  '€': 'e',
  '4': 'a',
  '@': 'a',
  '5': 's',
  $: 's',
  '7': 't',
  '+': 't',
  '8': 'b',
  '9': 'g',
  '(': 'c',
}
const OTHER_LETTERS: Readonly<Record<string, string>> = { ...LETTERS, '1': 'l', '!': 'l' }

const spell = (text: string, letters: Readonly<Record<string, string>>) =>
  [...text].map((character) => letters[character] ?? character).join('')

/** The text as it is, and as it reads where digits and signs stand for letters. */
export function readings(text: string): Set<string> {
  return new Set([text, spell(text, LETTERS), spell(text, OTHER_LETTERS)])
}

export const lettersOf = (text: string): string => text.replace(/\P{L}/gu, '')

/** Digits and signs may be as many as the letters that they decorate, and always this many. */
const DECORATION = 6

/** Whether so many characters that are no letters add little to so many that are. */
export const isDecoration = (signs: number, letters: number): boolean => signs <= Math.max(letters, DECORATION)

/** The words that the text may be a decorated form of: `p@ssw0rd!!1` of `password`. */
export function coresOf(text: string): Set<string> {
  const [start, end] = [text.replace(/^\P{L}+/u, ''), text.replace(/\P{L}+$/u, '')]
  const cores = new Set<string>()
  for (const part of [text, start, end, start.replace(/\P{L}+$/u, '')]) {
    for (const reading of readings(part)) {
      const letters = lettersOf(reading)
      if (isDecoration(text.length - letters.length, letters.length)) cores.add(unitOf(letters))
    }
  }
  cores.delete('')
  return cores
}

/** What the text repeats, at least twice; the text itself where it repeats nothing. */
export function unitOf(text: string): string {
  for (let period = 1; period <= text.length / 2; period += 1) {
    if (text.slice(period) === text.slice(0, -period)) return text.slice(0, period)
  }
  return text
}

/** What hands and mouths run along, either way. */
const LINES = [
  'abcdefghijklmnopqrstuvwxyz',
  '01234567890',
  'qwertyuiop',
  'asdfghjkl',
  'zxcvbnm',
  'qwertzuiopü',
  'asdfghjklöä',
  'yxcvbnm',
  'azertyuiop',
  'qsdfghjklm',
  'wxcvbn',
  '1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p',
]
const NEIGHBOURS: ReadonlySet<string> = new Set(
  LINES.flatMap((line) =>
    [...line].slice(1).flatMap((next, index) => [`${line[index]}${next}`, `${next}${line[index]}`]),
  ),
)

/** The fewest characters that are seen to follow a line. */
const SHORTEST_RUN = 3

/** Whether all of the text is runs of neighbours or of one character: `abcd1234`, `qwertyasdf`. */
export function isSequence(text: string): boolean {
  let run = 1
  for (let index = 1; index < text.length; index += 1) {
    const [before, here] = [text[index - 1] as string, text[index] as string]
    if (before === here || NEIGHBOURS.has(before + here)) run += 1
    else if (run < SHORTEST_RUN) return false
    else run = 1
  }
  return run >= SHORTEST_RUN
}
