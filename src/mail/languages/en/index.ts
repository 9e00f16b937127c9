import type { Language } from '../../language.ts'
import { messages } from './messages.ts'
import { pages } from './pages.ts'

export default {
  greeting: (name) => (name ? `Hello ${name},` : 'Hello,'),
  footer: (service) => `This message was sent by ${service}. Answers to it are not read.`,
  messages,
  ...pages,
} satisfies Language
