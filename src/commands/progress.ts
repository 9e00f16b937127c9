/** How far a long piece of work has come: one line that changes at a terminal, a line now and then elsewhere. */
import { shown } from '../moving/summary.ts'
import { printableLine } from '../operation/printable.ts'

/** A terminal's line is written anew at most this often, in ms. */
const REFRESH = 200

/** Elsewhere, a line for so many of whatever is counted. */
const LINE_EVERY = 100_000

/**
 * @param share how much is done, from 0 to 1
 * @param what is counted
 */
export function showProgress(share: () => number, what = 'users') {
  const { isTTY } = process.stderr
  const start = performance.now()
  let count = 0
  let written = 0
  let isShown = false

  const text = () => printableLine(words())
  const words = () => {
    const rate = Math.round((1000 * count) / (performance.now() - start))
    return `${Math.floor(100 * share())} %  ${shown(count)} ${what}  ${shown(rate)}/s`
  }
  return {
    add(more: number) {
      const before = count
      count += more
      if (isTTY && performance.now() - written > REFRESH) {
        written = performance.now()
        isShown = true
        process.stderr.write(`\r\u001b[K${bar(share())} ${text()}`)
      }
      if (!isTTY && Math.floor(before / LINE_EVERY) < Math.floor(count / LINE_EVERY))
        process.stderr.write(`${text()}\n`)
    },
    /** Leaves the terminal as it was. */
    end() {
      if (isShown) process.stderr.write('\r\u001b[K')
      isShown = false
    },
  }
}

const WIDTH = 24

function bar(share: number): string {
  const full = Math.round(WIDTH * share)
  return `[${'='.repeat(full)}${' '.repeat(WIDTH - full)}]`
}
