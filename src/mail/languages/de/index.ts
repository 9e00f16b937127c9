import type { Language } from '../../language.ts'
import { messages } from './messages.ts'
import { pages } from './pages.ts'

export default {
  greeting: (name) => (name ? `Guten Tag ${name},` : 'Guten Tag,'),
  footer: (service) => `Diese Nachricht hat ${service} verschickt. Antworten darauf liest niemand.`,
  messages,
  ...pages,
} satisfies Language
