import type { Language } from '../../language.ts'
import { messages } from './messages.ts'

export default {
  greeting: (name) => (name ? `Hello ${name},` : 'Hello,'),
  footer: (service) => `This message was sent by ${service}. Answers to it are not read.`,
  messages,
} satisfies Language
