import fp from 'fastify-plugin'
import { createFolderCarrier, createSmtpCarrier } from '../src/mail/carrier.ts'
import { createSealer, isMailOn } from '../src/mail/mailer.ts'
import { createSender } from '../src/mail/sender.ts'
import type { Budget } from '../src/throttling/budgets.ts'
import { resolveKeys } from '../src/tokens/master-key.ts'

/** `app.mailer`: messages are kept sealed, and sent after the commit; what other processes left is looked for while the service listens. */
export default fp(
  async (app) => {
    const { config, counts } = app
    const sealer = {
      ...createSealer(resolveKeys(config).mail),
      withheld(budget: Budget) {
        counts.withheld[budget] += 1
      },
    }
    if (!isMailOn(app)) {
      app.log.warn('SMTP_URL is not set: nothing is sent, and what needs mail is off (docs/operations.md, Mail)')
      app.decorate('mailer', { ...sealer, wake() {} })
      return
    }
    const sender = createSender(app, () => (config.smtp ? createSmtpCarrier(config) : createFolderCarrier(app)))
    app.decorate('mailer', { ...sealer, wake: sender.wake })
    app.addHook('onListen', async () => sender.watch())
    app.addHook('onClose', () => sender.close())
  },
  { name: 'mail', dependencies: ['jwt'] },
)
