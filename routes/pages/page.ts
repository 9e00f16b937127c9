/** What every page of the service's own does, whatever it is for. */
import type { TSchema } from '@sinclair/typebox'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { FIELDS, type Field, type Language, type PageWords, SETBACKS, type Setback } from '../../src/mail/language.ts'
import { acceptedLanguages, chooseLanguage, loadLanguage } from '../../src/mail/languages.ts'
import type { Page } from '../../src/mail/links.ts'
import { type Input, renderPage, type SentForm, type View } from './layout.ts'

/** What a browser sent. */
export type Form = Readonly<Record<string, string>>

export interface PageRoute {
  page: Page
  /** what has to be filled in */
  fields?: readonly Field[]
  /** what is asked for only when it was refused before */
  onSetback?: Partial<Record<Setback, Field>>
  /** what is asked for in place of that of who did not ask for what the page does, and thus has nothing to show */
  otherwise?: Field
  /** what the form has to be like, in the API's words */
  body: TSchema
  /** does what the page is for, by the rule of the API; @throws Failure */
  act?: (form: Form, request: FastifyRequest, reply: FastifyReply) => Promise<void>
  /** the same where there is something to copy then; a page with neither has only something to say */
  show?: ((form: Form, request: FastifyRequest) => Promise<View['values']>) | undefined
}

export type AddPage = (route: PageRoute) => void

/** Where the page stands. */
interface State {
  /** what another try would be made with */
  token?: string | undefined
  setback?: Setback
  /** the member that is to blame */
  at?: string | undefined
  /** what was filled in before */
  form?: Form
  isDone?: boolean
  values?: View['values']
}

const HTML = 'text/html; charset=utf-8'

/** The link alone did not tell who uses it. */
const ASKED = 'requester_unproved' satisfies Setback

/**
 * Makes this scope one of pages, also in what it answers to failures.
 * @returns what adds a page: `GET` shows it and changes nothing, since readers of mail follow links by themselves; `POST` acts
 */
export function servePages(app: FastifyInstance): AddPage {
  const pages = new Map<string, PageRoute>()

  app.wordFailures(async (failure, request) => {
    const { code, errors, statusCode: status } = failure
    const setback = SETBACKS.find((each) => each === code) ?? 'other'
    const form = (request.body ?? {}) as Form
    // with a link that is no good another try does no better
    const token = setback === 'one_time_token_invalid' ? undefined : (tokenIn(form) ?? tokenIn(request.query))
    const state = { token, setback, at: errors?.[0]?.pointer.slice(1), form }
    return { status, body: await draw(request, pages.get(request.routeOptions.url ?? ''), state), type: HTML }
  })

  return (route) => {
    const url = `/${route.page}`
    const { act, body, show } = route
    pages.set(url, route)
    app.get(url, { schema: { hide: true } }, async (request, reply) => {
      const token = tokenIn(request.query)
      if (token === undefined) reply.code(400)
      return reply.type(HTML).send(await draw(request, route, token ? { token } : { setback: 'link_incomplete' }))
    })
    if (!act && !show) return
    app.post(url, { schema: { hide: true, body } }, async (request, reply) => {
      const form = request.body as Form
      await act?.(form, request, reply)
      const values = await show?.(form, request)
      return reply.type(HTML).send(await draw(request, route, { isDone: true, values }))
    })
  }
}

async function draw(request: FastifyRequest, route: PageRoute | undefined, state: State): Promise<string> {
  const language = languageOf(request)
  const words = await loadLanguage(language)
  const { at, isDone, setback, token, values } = state
  const said = route && words.pages[route.page]
  const shown = isDone ? said?.done : said
  const doesAnything = route?.act !== undefined || route?.show !== undefined
  const canTry = token !== undefined && !isDone
  const blamed = FIELDS.find((field) => field === at && (route?.fields?.includes(field) || route?.otherwise === field))
  const where = blamed === undefined || setback !== 'validation_failed' ? '' : `${words.fields[blamed].label}: `
  return renderPage({
    language,
    service: request.server.config.service_name,
    title: shown?.title ?? '',
    text: textOf(),
    // a question is no failure
    alert: setback && setback !== ASKED ? { title: words.failed, text: where + words.setbacks[setback] } : undefined,
    forms: canTry && said && doesAnything ? formsOf(route, said, words, token, state) : [],
    values,
  })

  function textOf(): string {
    if (!canTry) return isDone ? (shown?.text ?? '') : ''
    if (setback === ASKED) return words.setbacks[ASKED]
    return doesAnything ? (shown?.text ?? '') : words.noSignIn
  }
}

/** The form of the page, and beside it that of who has nothing to show, once the link alone was not enough. */
function formsOf(route: PageRoute, said: PageWords, words: Language, token: string, state: State): readonly SentForm[] {
  const { fields = [], otherwise } = route
  const { at, setback, form = {} } = state
  const more = Object.entries(route.onSetback ?? {}).flatMap(([each, field]) =>
    form[field] !== undefined || setback === each ? [field] : [],
  )
  const isOther = otherwise !== undefined && form[otherwise] !== undefined
  if (isOther && form['password'] === undefined) more.push('password')
  const asked = FIELDS.filter((field) => fields.includes(field) || more.includes(field))
  const first = asked.find((field) => field === at) ?? asked[0]
  const build = (button: string, inputs: readonly Field[], text?: string) => ({
    text,
    // relative, so that it leads here below whatever path a proxy has
    action: route.page,
    token,
    inputs: inputs.map((field) => ({
      ...inputOf(field, words, form),
      ...said.fields?.[field],
      ...(field === 'password' && otherwise !== undefined && { autocomplete: 'current-password' }),
      isWrong: field === at,
      isFirst: field === (isOther ? otherwise : first),
    })),
    button,
  })
  const own = build(said.button, asked)
  if (!otherwise || !said.otherwise || !more.includes('password')) return [own]
  const others = build(
    said.otherwise.button,
    [...asked.filter((field) => field === 'username'), otherwise],
    said.otherwise.text,
  )
  // a name is asked for once, by the form that was sent
  if (asked.includes('username')) return [isOther ? others : own]
  return [own, others]
}

const AUTOCOMPLETE: Readonly<Record<Field, string>> = {
  new_password: 'new-password',
  password: 'new-password',
  username: 'username',
  name: 'name',
}

function inputOf(name: Field, words: Language, form: Form): Omit<Input, 'isWrong' | 'isFirst'> {
  const isSecret = name === 'password' || name === 'new_password'
  return {
    name,
    ...words.fields[name],
    type: isSecret ? 'password' : 'text',
    autocomplete: AUTOCOMPLETE[name],
    required: name !== 'name',
    value: isSecret ? '' : (form[name] ?? ''),
  }
}

/** What a link brought; nothing longer than any token. */
function tokenIn(source: unknown): string | undefined {
  const { token } = (source ?? {}) as { token?: unknown }
  return typeof token === 'string' && token !== '' && token.length <= 128 ? token : undefined
}

/** What the browser likes best of what there is. */
export function languageOf({ headers, server }: FastifyRequest): string {
  return chooseLanguage(...acceptedLanguages(headers['accept-language']), server.config.default_locale)
}
