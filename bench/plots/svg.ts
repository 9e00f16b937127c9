/** The parts of a picture: text that is escaped, colours that fit light and dark. */
export const WIDTH = 720
export const MARGIN = 20

const STYLE = `
  .card { fill: #ffffff }
  text { font: 13px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #1f2328 }
  .title { font-weight: 600; font-size: 15px }
  .name { font-weight: 600 }
  .muted { fill: #59636e }
  .grid { stroke: #d1d9e0 }
  .target { stroke: #59636e; stroke-dasharray: 4 3 }
  .ours { fill: #0969da } .theirs { fill: #afb8c1 } .met { fill: #1a7f37 } .short { fill: #bc4c00 }
  .round { fill: #1f2328 }
  .line-0 { stroke: #0969da } .line-1 { stroke: #818b98 }
  polyline { fill: none; stroke-width: 2 }
  @media (prefers-color-scheme: dark) {
    .card { fill: #0d1117 }
    text { fill: #f0f6fc }
    .muted { fill: #9198a1 }
    .grid { stroke: #3d444d }
    .target { stroke: #9198a1 }
    .ours { fill: #4493f8 } .theirs { fill: #656c76 } .met { fill: #3fb950 } .short { fill: #f0883e }
    .round { fill: #f0f6fc }
    .line-0 { stroke: #4493f8 } .line-1 { stroke: #9198a1 }
  }`

/**
 * A whole picture on a ground of its own, since where it is shown may be of another colour than the reader's system.
 * @param title for who cannot see it
 */
export function picture(title: string, height: number, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<style>${STYLE}\n</style>`,
    `<rect class="card" width="${WIDTH}" height="${height}" rx="6"/>`,
    ...parts,
    '</svg>\n',
  ].join('\n')
}

/** @param anchor where in the text the position is */
export function text(x: number, y: number, words: string, kind = '', anchor: 'start' | 'middle' | 'end' = 'start') {
  return `<text class="${kind}" x="${at(x)}" y="${at(y)}" text-anchor="${anchor}">${escaped(words)}</text>`
}

export function rect(x: number, y: number, width: number, height: number, kind: string): string {
  return `<rect class="${kind}" x="${at(x)}" y="${at(y)}" width="${at(Math.max(width, 1))}" height="${at(height)}" rx="2"/>`
}

export function dot(x: number, y: number, radius: number, kind: string): string {
  return `<circle class="${kind}" cx="${at(x)}" cy="${at(y)}" r="${radius}"/>`
}

export function line(x1: number, y1: number, x2: number, y2: number, kind: string): string {
  return `<line class="${kind}" x1="${at(x1)}" y1="${at(y1)}" x2="${at(x2)}" y2="${at(y2)}"/>`
}

export function path(points: readonly (readonly [number, number])[], kind: string): string {
  return `<polyline class="${kind}" points="${points.map(([x, y]) => `${at(x)},${at(y)}`).join(' ')}"/>`
}

const at = (position: number) => Number(position.toFixed(1))

const escaped = (words: string) => words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
