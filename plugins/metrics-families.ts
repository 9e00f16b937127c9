/** What metrics tell beside requests: read from what the parts of the service count, when somebody asks. */
import type { FastifyInstance } from 'fastify'
import type { Durations } from '../src/counts.ts'
import { kindOf } from '../src/db/dialect.ts'
import type { Family, Sample } from '../src/operation/exposition.ts'

/** Every metric of this service but those of requests. */
export function families(app: FastifyInstance): Family[] {
  const { counts, hasher } = app
  const database = kindOf(app.db)
  return [
    gauge('latchkey_hash_running', 'Password hashes in flight', () => hasher.load().running),
    gauge('latchkey_hash_waiting', 'Password hashes that wait', () => hasher.load().waiting),
    histogram('latchkey_hash_wait_seconds', 'Time that a password hash waited before it began', hasher.counts.wait),
    histogram('latchkey_hash_duration_seconds', 'Time that a password hash took', hasher.counts.work),
    counter('latchkey_hash_refused_total', 'Password hashes that were not made', () =>
      by('cause', hasher.counts.refused),
    ),
    gauge(
      'latchkey_refusal_floor_seconds',
      'What refusals of passwords are held back to',
      () => hasher.floor.current() / 1000,
    ),
    gauge('latchkey_refusals_waiting', 'Refusals of passwords that wait to leave', () => hasher.floor.waiting()),
    counter('latchkey_session_cache_total', 'Sessions looked up by the guard', () =>
      hitsAndMisses(counts.sessions, counts.remembered),
    ),
    counter('latchkey_token_cache_total', 'Access tokens looked up by the guard', () =>
      hitsAndMisses(counts.tokens, counts.remembered),
    ),
    gauge('latchkey_sessions_remembered', 'Sessions in this node’s memory', () => app.states.size()),
    gauge('latchkey_counters_shared', '1 while nodes count together, 0 while Redis does not answer', () =>
      Number(app.ephemeral.isShared()),
    ),
    gauge('latchkey_tokens_remembered', 'Verified access tokens in this node’s memory', () => app.tokens.size),
    {
      name: 'latchkey_store_duration_seconds',
      help: 'Time that a step in a store took',
      type: 'histogram',
      samples: () => [
        ...Object.entries(counts.database).map(([step, value]) => ({ labels: { store: database, step }, value })),
        ...(app.ephemeral.kind === 'redis'
          ? [{ labels: { store: 'redis', step: 'command' }, value: counts.redis }]
          : []),
      ],
    },
    counter('latchkey_refreshes_total', 'Refresh tokens presented, by what became of them', () =>
      by('outcome', counts.refreshes),
    ),
    counter('latchkey_sessions_ended_total', 'Sessions that this node ended before their time', () =>
      by('reason', counts.ended),
    ),
    counter('latchkey_rate_limited_total', 'Calls refused because their caller had made too many', () =>
      by('class', counts.limited),
    ),
    counter('latchkey_breach_api_total', 'Questions to the breach API, by what became of them', () =>
      by('outcome', counts.breach_api),
    ),
    counter('latchkey_mail_total', 'Messages that this node tried to send, by what became of them', () =>
      by('outcome', counts.mail),
    ),
    counter(
      'latchkey_mail_withheld_total',
      'Messages not sent, or put off to a digest, because a budget was used up',
      () => by('budget', counts.withheld),
    ),
    gauge('latchkey_outbox_messages', 'Messages that wait to be sent', () => counts.outbox.waiting),
    gauge('latchkey_outbox_age_seconds', 'How long the oldest of them has waited', () =>
      counts.outbox.oldest === undefined ? 0 : Math.max(0, app.now() - counts.outbox.oldest) / 1000,
    ),
    counter('latchkey_password_tries_refused_total', 'Tries of passwords refused because of those before', () =>
      by('counted', counts.throttled),
    ),
    gauge('latchkey_login_challenge', '1 while this node asks for a proof of work', () => Number(app.gate.isClosed())),
    histogram('latchkey_news_delay_seconds', 'Time from the writing of news elsewhere to its being heard', counts.news),
  ]
}

function gauge(name: string, help: string, read: () => number): Family {
  return { name, help, type: 'gauge', samples: () => [{ value: read() }] }
}

function counter(name: string, help: string, samples: () => Sample[]): Family {
  return { name, help, type: 'counter', samples }
}

function histogram(name: string, help: string, value: Durations): Family {
  return { name, help, type: 'histogram', samples: () => [{ value }] }
}

function by(label: string, numbers: Readonly<Record<string, number>>): Sample[] {
  return Object.entries(numbers).map(([word, value]) => ({ labels: { [label]: word }, value }))
}

/** What memory alone answered was a hit of both caches, and is counted once. */
function hitsAndMisses({ hits, misses }: { hits: number; misses: number }, remembered: number): Sample[] {
  return by('result', { hit: hits + remembered, miss: misses })
}
