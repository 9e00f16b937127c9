/** `docs/clients.md` shows of each program the lines between its marks: what it shows is what `npm run clients` runs. */
import { readFileSync } from 'node:fs'
import { LANGUAGES, type Language } from './languages.ts'

const HERE = new URL('.', import.meta.url)
const FENCES: Readonly<Record<string, string>> = { rb: 'ruby', py: 'python', ts: 'ts' }

/** Takes away the blanks that all lines begin with. */
function dedent(lines: readonly string[]): string {
  const depths = lines.filter((line) => line.trim()).map((line) => /^\s*/.exec(line)?.[0].length ?? 0)
  return lines.map((line) => line.slice(Math.min(...depths))).join('\n')
}

/** The marked lines of a program: first what goes well, last how a refusal is read. */
export function shownOf({ folder, program }: Language): string {
  const text = readFileSync(new URL(`${folder}/${program}`, HERE), 'utf8')
  const parts = [...text.matchAll(/^.*docs: begin\n([\s\S]*?)^.*docs: end$/gm)].map(([, part = '']) => part)
  return parts
    .reverse()
    .map((part) => dedent(part.trimEnd().split('\n')))
    .join('\n\n')
}

function fenceOf({ program }: Language): string {
  const extension = program.replace(/.*\./, '')
  return FENCES[extension] ?? extension
}

/** What comes below the page's last heading: a section for each client. */
export const sectionsOf = (): string =>
  Object.values(LANGUAGES)
    .map((language) => {
      const { title, folder, program } = language
      const link = `[\`${program}\`](../scripts/clients/${folder}/${program})`
      return `## ${title}\n\nThe whole program: ${link}.\n\n\`\`\`${fenceOf(language)}\n${shownOf(language)}\n\`\`\`\n`
    })
    .join('\n')

const MARK = '<!-- npm run docs: each client -->\n'

/** The page with its sections written anew; what stands above the mark is kept. */
export function withSections(page: string): string {
  const [before] = page.split(MARK)
  return `${before}${MARK}\n${sectionsOf()}`
}
