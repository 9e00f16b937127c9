/** What the configuration can switch off, some of which cannot be had without mail. */
import type { Config } from './config.ts'
import { isMailOn } from './mail/mailer.ts'

const FEATURES = {
  docs: {
    isOn: (config) => config.docs === 'on',
    needs: '`DOCS=on`, as by default',
  },
  mail: {
    isOn: sendsMail,
    needs: 'that the service can send mail',
  },
  'sign-in-link': {
    isOn: (config) => config.sign_in_link === 'on' && sendsMail(config),
    needs: '`SIGN_IN_LINK=on`, and that the service can send mail',
  },
  'sign-in-code': {
    isOn: (config) => config.sign_in_code === 'on' && sendsMail(config),
    needs: '`SIGN_IN_CODE=on`, and that the service can send mail',
  },
  invitations: {
    isOn: (config) => config.registration !== 'closed' && sendsMail(config),
    needs: 'that the service can send mail, and that `REGISTRATION` is not `closed`',
  },
} as const satisfies Record<string, { isOn: (config: Config) => boolean; needs: string }>

/** A part of the service that may be off. */
export type Feature = keyof typeof FEATURES

/** Whether the configuration has it on. */
export function isOn(config: Config, feature: Feature): boolean {
  return FEATURES[feature].isOn(config)
}

/** What it takes to have it on, in words that follow “needs”. */
export function needsOf(feature: Feature): string {
  return FEATURES[feature].needs
}

function sendsMail(config: Config): boolean {
  return isMailOn({ config })
}
