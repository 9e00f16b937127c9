/** How a message looks, as text and as HTML; the words are a language's. */
import type { Eta } from 'eta'
import type { Words } from './language.ts'

/** What the layouts are given. */
export interface Letter extends Words {
  /** BCP 47: what the words are written in */
  language: string
  greeting: string
  footer: string
}

const TEXT = `<%= it.greeting %>


<% for (const paragraph of it.paragraphs) { %>
<%= paragraph %>


<% } %>
<% for (const [label, value] of it.facts ?? []) { %>
<%= label %>: <%= value %>

<% } %>
<% if (it.facts) { %>

<% } %>
<% if (it.code) { %>
    <%= it.code %>


<% } %>
<% if (it.action) { %>
<%= it.action.label %>:
<%= it.action.link %>


<% } %>
<% for (const paragraph of it.after) { %>
<%= paragraph %>


<% } %>
-- 
<%= it.footer %>

`

/** Style attributes, since many readers of mail drop everything else; no pictures, and nothing from elsewhere. */
const HTML = `<!doctype html>
<html lang="<%= it.language %>">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title><%= it.subject %></title></head>
<body style="margin:0;padding:24px;font:16px/1.5 sans-serif;color:#1f2933;background:#fff">
<div style="max-width:560px;margin:0 auto">
<p><%= it.greeting %></p>
<% for (const paragraph of it.paragraphs) { %>
<p><%= paragraph %></p>
<% } %>
<% if (it.facts) { %>
<table role="presentation" style="border-collapse:collapse;font:inherit">
<% for (const [label, value] of it.facts) { %>
<tr><td style="padding:0 16px 0 0;color:#52606d"><%= label %></td><td><bdi><%= value %></bdi></td></tr>
<% } %>
</table>
<% } %>
<% if (it.code) { %>
<p style="font:28px/1.5 monospace;letter-spacing:4px"><%= it.code %></p>
<% } %>
<% if (it.action) { %>
<p><a href="<%= it.action.link %>" style="display:inline-block;padding:10px 20px;border-radius:6px;background:#1d5b82;color:#fff;text-decoration:none"><%= it.action.label %></a></p>
<p style="font-size:13px;color:#52606d;word-break:break-all"><%= it.action.link %></p>
<% } %>
<% for (const paragraph of it.after) { %>
<p><%= paragraph %></p>
<% } %>
<p style="margin-top:32px;font-size:13px;color:#52606d"><%= it.footer %></p>
</div>
</body>
</html>
`

type Renderers = Record<'text' | 'html', (letter: Letter) => string>

let renderers: Promise<Renderers> | undefined

/** The layouts, compiled when the first message leaves: a start should not wait for them. */
export function loadLayouts(): Promise<Renderers> {
  renderers ??= import('eta').then(({ Eta }) => ({
    text: rendererOf(new Eta({ autoEscape: false, autoTrim: [false, 'nl'] }), TEXT),
    html: rendererOf(new Eta({ autoTrim: [false, 'nl'] }), HTML),
  }))
  return renderers
}

function rendererOf(engine: Eta, template: string): (letter: Letter) => string {
  const compiled = engine.compile(template)
  return (letter) => engine.render(compiled, letter)
}
