import type { Language, Sayings } from '../../language.ts'
import type { Gathered, MessageData } from '../../messages.ts'

const until = (say: Sayings, at: number) => `Der Link gilt einmal, bis ${say.time(at)}.`

export const messages: Language['messages'] = {
  'email-change-confirm': ({ link, expires_at }, say) => ({
    subject: 'Bestätigen Sie Ihre neue E-Mail-Adresse',
    paragraphs: [
      `Diese Adresse soll künftig zu einem Konto bei ${say.service} gehören. Bestätigen Sie, dass es Ihre ist.`,
    ],
    action: { label: 'Adresse bestätigen', link },
    after: [
      until(say, expires_at),
      'Wenn Sie das nicht wollten, brauchen Sie nichts zu tun: Ohne den Link ändert sich nichts.',
    ],
  }),

  'email-changed': ({ link, expires_at, at, new_email }, say) => ({
    subject: 'Ihre E-Mail-Adresse wurde geändert',
    paragraphs: [`Ihr Konto bei ${say.service} hat jetzt eine andere E-Mail-Adresse.`],
    facts: [
      ['Neue Adresse', new_email],
      ['Zeit', say.time(at)],
    ],
    action: { label: 'Änderung rückgängig machen', link },
    after: [
      'Wenn Sie das waren, brauchen Sie nichts zu tun.',
      `Wenn nicht, machen Sie die Änderung rückgängig und wählen Sie danach ein neues Passwort. Der Link gilt einmal, bis ${say.time(expires_at)}.`,
    ],
  }),

  'email-released': ({ at, email }, say) => ({
    subject: 'Eine Adresse gehört nicht mehr zu Ihrem Konto',
    paragraphs: [
      `Ihr Konto bei ${say.service} führte eine E-Mail-Adresse, die nie als Ihre bestätigt wurde. Jemand anderes hat sie bestätigt; Ihr Konto führt deshalb wieder diese hier.`,
    ],
    facts: [
      ['Adresse', email],
      ['Wann', say.time(at)],
    ],
    after: [
      'Sonst hat sich nichts geändert. Gehört auch die andere Adresse Ihnen, sehen Sie nach, welches Ihrer Konten sie jetzt hat.',
    ],
  }),

  'email-verify': ({ link, expires_at }, say) => ({
    subject: 'Bestätigen Sie Ihre E-Mail-Adresse',
    paragraphs: [
      `Diese E-Mail-Adresse wurde für ein Konto bei ${say.service} angegeben. Bestätigen Sie, dass es Ihre ist.`,
    ],
    action: { label: 'Adresse bestätigen', link },
    after: [
      until(say, expires_at),
      'Wenn Sie dort kein Konto möchten, brauchen Sie nichts zu tun: Ohne den Link gehört die Adresse zu keinem.',
    ],
  }),

  invitation: ({ link, expires_at }, say) => ({
    subject: `Einladung zu ${say.service}`,
    paragraphs: [`Jemand bei ${say.service} lädt Sie ein, dort ein Konto zu eröffnen.`],
    action: { label: 'Einladung annehmen', link },
    after: [
      until(say, expires_at),
      'Wenn Sie kein Konto möchten, brauchen Sie nichts zu tun: Ohne den Link entsteht keines.',
    ],
  }),

  locked: ({ link, expires_at, at }, say) => ({
    subject: 'Die Anmeldung an Ihrem Konto ist eingeschränkt',
    paragraphs: [
      `Für Ihr Konto bei ${say.service} wurde zu oft ein falsches Passwort oder ein falscher Code eingegeben. Wer sich von einem unbekannten Gerät anmelden will, muss jetzt warten. Geräte, von denen Sie sich schon einmal angemeldet haben, sind nicht betroffen.`,
    ],
    facts: [['Zeit', say.time(at)]],
    action: { label: 'Anmeldung wieder erlauben', link },
    after: [
      until(say, expires_at),
      'Wenn Sie das nicht waren, versucht vielleicht jemand, Ihr Passwort oder die Codes zu erraten, die Sie bekommen. Niemand ist hineingekommen. Sie brauchen nichts zu tun; ein Passwort, das Sie sonst nirgends verwenden, schützt Sie.',
    ],
  }),

  'new-device': ({ link, expires_at, at, ip, user_agent }, say) => ({
    subject: 'Anmeldung von einem neuen Gerät',
    paragraphs: [
      `Jemand hat sich an Ihrem Konto bei ${say.service} angemeldet, von einem Gerät, das noch nicht bekannt war.`,
    ],
    facts: factsOf({ at, ip, user_agent }, say),
    action: { label: 'Das war ich nicht: Sitzung beenden', link },
    after: [
      'Wenn Sie das waren, brauchen Sie nichts zu tun.',
      `Wenn nicht, beenden Sie die Sitzung und wählen Sie sofort ein neues Passwort. Der Link gilt einmal, bis ${say.time(expires_at)}.`,
    ],
  }),

  'password-changed': ({ at, ip, user_agent }, say) => ({
    subject: 'Ihr Passwort wurde geändert',
    paragraphs: [`Ihr Konto bei ${say.service} hat ein neues Passwort.`],
    facts: factsOf({ at, ip, user_agent }, say),
    after: [
      'Wenn Sie das waren, brauchen Sie nichts zu tun.',
      'Wenn nicht, geben Sie bei der Anmeldung an, dass Sie Ihr Passwort vergessen haben: Sie erhalten an diese Adresse einen Link, mit dem Sie ein neues wählen, und alle Sitzungen enden.',
    ],
  }),

  'password-reset': ({ link, expires_at }, say) => ({
    subject: 'Wählen Sie ein neues Passwort',
    paragraphs: [`Jemand hat für Ihr Konto bei ${say.service} ein neues Passwort angefordert.`],
    action: { label: 'Neues Passwort wählen', link },
    after: [
      until(say, expires_at),
      'Wenn Sie das nicht waren, brauchen Sie nichts zu tun: Ihr Passwort bleibt, wie es ist.',
    ],
  }),

  'registration-attempt': ({ at }, say) => ({
    subject: 'Sie haben bereits ein Konto',
    paragraphs: [
      `Jemand hat diese E-Mail-Adresse für ein Konto bei ${say.service} angegeben. Zu ihr gibt es schon eines, deshalb hat sich nichts geändert.`,
    ],
    facts: [['Zeit', say.time(at)]],
    after: [
      'Wenn Sie das waren, melden Sie sich mit Ihrem Passwort an, oder geben Sie dort an, dass Sie es vergessen haben.',
      'Wenn nicht, brauchen Sie nichts zu tun.',
    ],
  }),

  'security-digest': ({ gathered, undo }, say) => ({
    subject: 'Was an Ihrem Konto geschehen ist',
    paragraphs: [
      `Zu Ihrem Konto bei ${say.service} gab es mehr zu berichten, als wir einzeln verschicken. Dies ist alles seit der letzten Nachricht. Die Einzelheiten stehen in der Liste der Vorgänge Ihres Kontos.`,
    ],
    facts: gathered.map((each) => [HAPPENED[each.kind], sumOf(each, say)] as const),
    ...(undo && { action: { label: 'Letzte Änderung der Adresse rückgängig machen', link: undo.link } }),
    after: [
      'Wenn das alles Sie waren, brauchen Sie nichts zu tun.',
      'Wenn nicht, geben Sie bei der Anmeldung an, dass Sie Ihr Passwort vergessen haben: Sie erhalten einen Link, mit dem Sie ein neues wählen, und alle Sitzungen enden.',
      ...(undo ? [until(say, undo.expires_at)] : []),
    ],
  }),

  'sign-in-code': ({ code, expires_at }, say) => ({
    subject: `Ihr Code für ${say.service}`,
    paragraphs: ['Geben Sie diesen Code dort ein, wo Sie sich anmelden:'],
    code,
    after: [
      `Der Code gilt einmal, bis ${say.time(expires_at)}.`,
      'Geben Sie ihn niemandem weiter: Niemand von uns wird je danach fragen. Wenn Sie sich nicht anmelden, brauchen Sie nichts zu tun; vielleicht hat sich jemand bei seiner Adresse vertippt.',
    ],
  }),

  'sign-in-link': ({ link, expires_at }, say) => ({
    subject: `Ihr Link für ${say.service}`,
    paragraphs: [`Mit diesem Link melden Sie sich bei ${say.service} an.`],
    action: { label: 'Anmelden', link },
    after: [
      until(say, expires_at),
      'Geben Sie ihn niemandem weiter. Wenn Sie sich nicht anmelden, brauchen Sie nichts zu tun: Ohne den Link kommt niemand hinein.',
    ],
  }),
}

function factsOf({ at, ip, user_agent }: MessageData['password-changed'], say: Sayings) {
  const device = say.device(user_agent)
  return [
    ['Zeit', say.time(at)],
    ...(ip ? [['Adresse', ip] as const] : []),
    ...(device ? [['Gerät', device] as const] : []),
  ] as const
}

const HAPPENED: Readonly<Record<Gathered['kind'], string>> = {
  'email-changed': 'Adresse geändert',
  'email-released': 'Adresse von einem anderen Konto bestätigt',
  locked: 'Anmeldung nach falschen Passwörtern oder Codes eingeschränkt',
  'new-device': 'Anmeldung von einem neuen Gerät',
  'password-changed': 'Passwort geändert',
}

/** How often, and when last and from where. */
function sumOf({ count, last }: Gathered, say: Sayings): string {
  const said = [say.time(last.at), last.ip, say.device(last.user_agent)].filter(Boolean).join(', ')
  return count === 1 ? said : `${count} Mal, zuletzt: ${said}`
}
