/** How a page of the service's own looks. */
import { createHash } from 'node:crypto'
import type { TemplateFunction } from 'eta'
import type { Field } from '../../src/mail/language.ts'

/** One thing to fill in. */
export interface Input {
  name: Field
  label: string
  hint?: string | undefined
  type: 'text' | 'password'
  autocomplete: string
  required: boolean
  /** it is to blame for what went wrong */
  isWrong: boolean
  /** where one begins to type */
  isFirst: boolean
  /** what was filled in before */
  value: string
}

/** What can be sent. */
export interface SentForm {
  /** who it is for, where there are several */
  text?: string | undefined
  action: string
  token: string
  inputs: readonly Input[]
  button: string
}

/** Everything that a page shows. */
export interface View {
  /** BCP 47 */
  language: string
  service: string
  title: string
  text: string
  /** what went wrong */
  alert?: { title: string; text: string } | undefined
  forms: readonly SentForm[]
  /** what is shown for copying */
  values?: readonly (readonly [label: string, value: string])[] | undefined
}

const STYLE = `:root{color-scheme:light dark}
body{margin:0;font:17px/1.5 system-ui,sans-serif;background:Canvas;color:CanvasText}
main{max-width:26rem;margin:0 auto;padding:3rem 1.25rem}
header{font-size:.9rem;opacity:.75}
h1{font-size:1.5rem;line-height:1.25;margin:.5rem 0 1rem}
h1:focus{outline:0}
label{display:block;margin-top:1.25rem;font-weight:600}
small{display:block;opacity:.8}
input,textarea,button{font:inherit;box-sizing:border-box;width:100%;padding:.65rem .75rem;border:1px solid GrayText;border-radius:.4rem}
button{margin-top:1.5rem;border:0;background:#1d5b82;color:#fff;font-weight:600;cursor:pointer}
form+form{margin-top:2.5rem;border-top:1px solid GrayText}
:focus-visible{outline:3px solid #e09f3e;outline-offset:2px}
[role=alert]{margin:1.25rem 0;padding:.75rem 1rem;border-left:.3rem solid #c1121f}
[role=alert] h2{font-size:1rem;margin:0}
[role=alert] p{margin:.25rem 0 0}`

const TEMPLATE = `<!doctype html>
<html lang="<%= it.language %>">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title><%= it.alert ? it.alert.title + ' – ' : '' %><%= it.title %> – <%= it.service %></title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
<main>
<header><%= it.service %></header>
<h1 tabindex="-1"<%= it.forms.length > 0 ? '' : ' autofocus' %>><%= it.title %></h1>
<% if (it.alert) { %>
<div role="alert" id="alert"><h2><%= it.alert.title %></h2><p><%= it.alert.text %></p></div>
<% } %>
<% if (it.text) { %>
<p><%= it.text %></p>
<% } %>
<% for (const form of it.forms) { %>
<form method="post" action="<%= form.action %>">
<input type="hidden" name="token" value="<%= form.token %>">
<% if (form.text) { %>
<p><%= form.text %></p>
<% } %>
<% for (const input of form.inputs) { %>
<label for="<%= input.name %>"><%= input.label %></label>
<% if (input.hint) { %>
<small id="<%= input.name %>-hint"><%= input.hint %></small>
<% } %>
<input id="<%= input.name %>" name="<%= input.name %>" type="<%= input.type %>" value="<%= input.value %>" autocomplete="<%= input.autocomplete %>" aria-describedby="<%= it.alert ? 'alert ' : '' %><%= input.hint ? input.name + '-hint' : '' %>"<%= input.required ? ' required' : '' %><%~ input.isWrong ? ' aria-invalid="true"' : '' %><%= input.isFirst ? ' autofocus' : '' %>>
<% } %>
<button<%= form.inputs.length === 0 ? ' autofocus' : '' %>><%= form.button %></button>
</form>
<% } %>
<% for (const [label, value] of it.values ?? []) { %>
<label for="<%= label %>"><%= label %></label>
<textarea id="<%= label %>" readonly rows="4"><%= value %></textarea>
<% } %>
</main>
</body>
</html>
`

/**
 * No script, no picture, nothing from elsewhere, forms only to here, in nobody's frame. The one style sheet is let
 * through by its digest, and the empty icon keeps browsers from asking for another.
 */
export const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  'img-src data:',
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ')

let render: Promise<(view: View) => string> | undefined

/** A page as HTML; the template escapes all that it is given. */
export async function renderPage(view: View): Promise<string> {
  // compiled when somebody first asks: a start should not wait for it
  render ??= import('eta').then(({ Eta }) => {
    const engine = new Eta({ autoTrim: [false, 'nl'] })
    const template: TemplateFunction = engine.compile(TEMPLATE)
    return (each) => engine.render(template, each)
  })
  return (await render)(view)
}
