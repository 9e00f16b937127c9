/** Reads what tap writes, which is TAP 14 (testanything.org): how many assertions passed, and which failed. */

export interface Results {
  passed: number
  failed: number
  /** a failed assertion each: file, tests and title, with the lines in which tap says where and why */
  failures: readonly string[]
}

const POINT = /^( *)(not )?ok \d+ - (.*?)(?: # time=.*)?$/
const SUBTEST = /^( *)# Subtest: (.*)$/
const SHOWN_LINES = 40

const depthOf = (spaces: string) => spaces.length / 4

/** The indented block that explains a failed point, which follows it. */
function explanationAfter(lines: readonly string[], index: number): string[] {
  const indent = lines[index]?.search(/\S/) ?? 0
  if (lines[index + 1] !== `${' '.repeat(indent + 2)}---`) return []
  const end = lines.indexOf(`${' '.repeat(indent + 2)}...`, index)
  return lines.slice(index + 2, end < 0 ? undefined : end).slice(0, SHOWN_LINES)
}

/** Counts assertions. The point that closes a subtest says nothing new, unless it failed and nothing in it did. */
export function readResults(tap: string): Results {
  const lines = tap.split('\n')
  const names: string[] = []
  // by depth: points, and failures among them, of the subtest that is open there
  const points: number[] = []
  const failed: number[] = []
  const results = { passed: 0, failed: 0, failures: [] as string[] }
  for (const [index, line] of lines.entries()) {
    const subtest = SUBTEST.exec(line)
    if (subtest) names[depthOf(subtest[1] ?? '')] = subtest[2] ?? ''
    const point = POINT.exec(line)
    if (!point) continue
    const [, spaces = '', not, title = ''] = point
    const depth = depthOf(spaces)
    const inside = points[depth + 1] ?? 0
    const failedInside = failed[depth + 1] ?? 0
    points.length = failed.length = depth + 1
    points[depth] = (points[depth] ?? 0) + 1
    if (!not) {
      if (inside === 0) results.passed += 1
      continue
    }
    failed[depth] = (failed[depth] ?? 0) + 1
    if (failedInside > 0) continue
    results.failed += 1
    results.failures.push([[...names.slice(0, depth), title].join(' > '), ...explanationAfter(lines, index)].join('\n'))
  }
  return results
}
