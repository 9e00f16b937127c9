import type { PagesWords } from '../../language.ts'

export const pages: PagesWords = {
  pages: {
    'accept-invitation': {
      title: 'Einladung annehmen',
      text: 'Wählen Sie, wie Sie sich anmelden werden. Ihr Konto erhält die E-Mail-Adresse, an die die Einladung ging.',
      button: 'Konto eröffnen',
      done: { title: 'Ihr Konto ist eröffnet', text: 'Sie können sich jetzt anmelden.' },
    },
    'confirm-email-change': {
      title: 'Bestätigen Sie Ihre neue E-Mail-Adresse',
      text: 'Damit erhält Ihr Konto die Adresse, an die die Nachricht ging.',
      button: 'Adresse bestätigen',
      fields: { password: { label: 'Passwort', hint: 'Das des Kontos, das diese Adresse erhalten soll.' } },
      done: { title: 'Die Adresse ist bestätigt', text: 'Ihr Konto hat jetzt die neue E-Mail-Adresse.' },
    },
    'end-session': {
      title: 'Diese Sitzung beenden',
      text: 'Wer sich dort angemeldet hat, wird sofort abgemeldet.',
      button: 'Sitzung beenden',
      done: {
        title: 'Die Sitzung ist beendet',
        text: 'Wenn nicht Sie sich angemeldet haben, kennt jemand Ihr Passwort: Wählen Sie sofort ein neues.',
      },
    },
    'reset-password': {
      title: 'Wählen Sie ein neues Passwort',
      text: 'Damit werden Sie überall abgemeldet und melden sich mit dem neuen Passwort wieder an.',
      button: 'Passwort setzen',
      done: { title: 'Das Passwort ist gesetzt', text: 'Sie können sich jetzt damit anmelden.' },
    },
    'sign-in': {
      title: 'Anmelden',
      text: 'Damit melden Sie sich an; der Link ist danach verbraucht.',
      button: 'Anmelden',
      done: { title: 'Sie sind angemeldet', text: 'Diese Token werden nur außerhalb des Produktivbetriebs angezeigt.' },
    },
    'undo-email-change': {
      title: 'Änderung der E-Mail-Adresse rückgängig machen',
      text: 'Damit hat Ihr Konto wieder diese Adresse. Sie werden überall abgemeldet, das Passwort gilt nicht mehr, und Sie erhalten einen Link, um ein neues zu wählen.',
      button: 'Änderung rückgängig machen',
      done: {
        title: 'Die Änderung ist rückgängig gemacht',
        text: 'Eine Nachricht mit einem Link, um ein neues Passwort zu wählen, ist unterwegs zu Ihnen.',
      },
    },
    unlock: {
      title: 'Anmeldung wieder erlauben',
      text: 'Damit muss niemand mehr warten, um sich an Ihrem Konto anzumelden.',
      button: 'Anmeldung erlauben',
      done: { title: 'Die Anmeldung ist wieder erlaubt', text: 'Sie können sich jetzt anmelden.' },
    },
    'verify-email': {
      title: 'Bestätigen Sie Ihre E-Mail-Adresse',
      text: 'Damit steht fest, dass die Adresse zu Ihrem Konto gehört.',
      button: 'Adresse bestätigen',
      fields: { password: { label: 'Passwort', hint: 'Das, das Sie bei der Registrierung gewählt haben.' } },
      otherwise: {
        text: 'Wenn Sie keines gewählt haben, hat jemand anderes Ihre Adresse angegeben. Wählen Sie jetzt eines: Wer sie angegeben hat, ist dann ausgesperrt.',
        button: 'Ich habe keines gewählt: neues Passwort setzen',
      },
      done: { title: 'Die Adresse ist bestätigt', text: 'Hier gibt es nichts weiter zu tun.' },
    },
  },
  fields: {
    new_password: {
      label: 'Neues Passwort',
      hint: 'Einige Wörter, die nur Ihnen gehören, sind besser als eines mit Sonderzeichen.',
    },
    password: {
      label: 'Passwort',
      hint: 'Einige Wörter, die nur Ihnen gehören, sind besser als eines mit Sonderzeichen.',
    },
    username: { label: 'Benutzername', hint: 'Buchstaben, Ziffern und . _ -' },
    name: { label: 'Wie wir Sie nennen dürfen (kann leer bleiben)' },
  },
  setbacks: {
    cross_site_request:
      'Eine andere Website hat dieses Formular geschickt. Öffnen Sie den Link in der Nachricht noch einmal.',
    current_password_wrong: 'Das ist nicht das Passwort.',
    email_taken: 'Diese E-Mail-Adresse gehört inzwischen zu einem anderen Konto.',
    link_incomplete:
      'Der Link ist unvollständig. Kopieren Sie ihn ganz aus der Nachricht, oder fordern Sie einen neuen an.',
    one_time_token_invalid: 'Der Link ist verbraucht, gilt nicht mehr oder ist zu alt. Fordern Sie einen neuen an.',
    other: 'Das hat nicht geklappt. Versuchen Sie es später noch einmal.',
    overloaded: 'Im Augenblick ist zu viel zu tun. Versuchen Sie es gleich noch einmal.',
    password_breached: 'Dieses Passwort ist anderswo bekannt geworden. Wählen Sie ein anderes.',
    password_common: 'Dieses Passwort verwenden viele. Wählen Sie ein anderes.',
    password_contains_name:
      'Dieses Passwort besteht aus Ihrem Namen, Ihrer Adresse oder dem Namen des Dienstes. Wählen Sie ein anderes.',
    password_too_short: 'Dieses Passwort ist zu kurz. Wählen Sie ein längeres.',
    rate_limited: 'Das waren zu viele Versuche. Warten Sie eine Weile, und versuchen Sie es dann noch einmal.',
    requester_unproved:
      'Die Nachricht wurde in einem anderen Browser geöffnet als dem, von dem sie ausging. Zeigen Sie mit Ihrem Passwort, dass Sie es waren.',
    username_taken: 'Dieser Benutzername ist vergeben. Wählen Sie einen anderen.',
    validation_failed: 'Etwas in dem Formular ist so nicht möglich. Prüfen Sie es, und versuchen Sie es noch einmal.',
  },
  failed: 'Das hat nicht geklappt',
  noSignIn:
    'Auf dieser Seite gibt es nichts, woran Sie sich anmelden könnten. Der Link ist für eine Anwendung gedacht und gilt noch.',
}
