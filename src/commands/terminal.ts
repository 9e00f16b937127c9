/** Standard input and output, with and without a person at them. */
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { printable, printableLine } from '../operation/printable.ts'

/** Prints a line. */
export function say(line: string): void {
  process.stdout.write(`${printableLine(line)}\n`)
}

/** Prints a document of several lines. */
export function sayDocument(text: string): void {
  process.stdout.write(text.endsWith('\n') ? printable(text) : `${printable(text)}\n`)
}

/** One line from a person who does not see what they type, or from a pipe. */
export async function readPassword(): Promise<string> {
  if (process.stdin.isTTY) return ask('Password: ', { hidden: true })
  for await (const line of createInterface({ input: process.stdin })) return line
  return ''
}

/** Asks at the terminal and waits for a line. */
export async function ask(question: string, { hidden = false } = {}): Promise<string> {
  const output = hidden ? new Writable({ write: (_chunk, _encoding, done) => done() }) : process.stderr
  // From here on the terminal shows nothing by itself; who asked before this would see a quick typist's password.
  const terminal = createInterface({ input: process.stdin, output, terminal: process.stdin.isTTY })
  try {
    const shown = printableLine(question)
    if (hidden) process.stderr.write(shown)
    return await terminal.question(shown)
  } finally {
    terminal.close()
    if (hidden) process.stderr.write('\n')
  }
}
