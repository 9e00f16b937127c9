/** What a browser does on a page of the service's own. */
import type { FastifyInstance } from 'fastify'

type Headers = Record<string, string>

/** What a browser says of what it sends for a form on one of our pages. */
export const FORM = { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' }

/** Follows a link. */
export const open = (app: FastifyInstance, page: string, token = 'a-token', headers: Headers = {}) =>
  app.inject({ method: 'GET', url: `/${page}?token=${token}`, headers })

/** Presses the button, with the fields filled in. */
export const press = (app: FastifyInstance, page: string, fields: Record<string, string>, headers: Headers = {}) =>
  postForm(app, page, fields, { ...FORM, ...headers })

/** Sends a form, from wherever the headers say. */
export const postForm = (app: FastifyInstance, page: string, fields: Record<string, string>, headers: Headers = {}) =>
  app.inject({
    method: 'POST',
    url: `/${page}`,
    headers: { 'content-type': FORM['content-type'], ...headers },
    payload: new URLSearchParams(fields).toString(),
  })

/** What went wrong, in the page's words. */
export const alertIn = (body: string) => /role="alert"[^>]*><h2>[^<]*<\/h2><p>([^<]*)</.exec(body)?.[1]

/** The page's heading. */
export const titleIn = (body: string) => /<h1[^>]*>([^<]*)</.exec(body)?.[1]

/** The cookie by which a browser that asked for a message is known again. */
export const cookieOf = ({ 'set-cookie': set }: { 'set-cookie'?: string | string[] | undefined }) =>
  [set ?? []]
    .flat()
    .find((each) => each.includes('asked='))
    ?.split(';', 1)[0] ?? ''
