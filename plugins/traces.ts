import type { ExportResult } from '@opentelemetry/core'
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'

/** How long the end of the service waits for a collector to take what is left, in ms. */
const LAST_EXPORT = 2000

/** All that a span may say: nothing in it is about one person. */
const ALLOWED = ['http.request.method', 'http.response.status_code', 'http.route']

/**
 * Traces for OpenTelemetry, where `OTEL_EXPORTER_OTLP_ENDPOINT` says. Comes before everything else, so that a request's
 * span lasts from its beginning. The packages are loaded only when they are needed.
 */
export default fp<{ version: string }>(
  async (app, { version }) => {
    const { traces } = app.config
    if (!traces) return
    const { FastifyOtelInstrumentation, OTLPTraceExporter, ...otel } = await load()
    const exporter = guarded(app, new OTLPTraceExporter({ url: traces.url }))
    const provider = new otel.BasicTracerProvider({
      resource: otel.resourceFromAttributes({ 'service.name': traces.service, 'service.version': version }),
      spanProcessors: [new otel.BatchSpanProcessor(exporter)],
    })
    // who calls us may have begun a trace (W3C Trace Context)
    otel.propagation.setGlobalPropagator(new otel.W3CTraceContextPropagator())
    const instrumentation = new FastifyOtelInstrumentation({
      // one span a request: with its hooks there would be ten
      instrumentHooks: false,
      instrumentHandler: false,
      recordExceptions: false,
      requestHook(span, { method, routeOptions }) {
        span.updateName(routeOptions.url === undefined ? method : `${method} ${routeOptions.url}`)
      },
    })
    instrumentation.setTracerProvider(provider)
    await app.register(instrumentation.plugin())
    app.addHook('onClose', async () => {
      const late = new Promise((resolve) => setTimeout(resolve, LAST_EXPORT).unref())
      await Promise.race([provider.shutdown().catch(() => {}), late])
    })
  },
  { name: 'traces' },
)

async function load() {
  try {
    const [fastify, api, core, resources, sdk, otlp] = await Promise.all([
      import('@fastify/otel'),
      import('@opentelemetry/api'),
      import('@opentelemetry/core'),
      import('@opentelemetry/resources'),
      import('@opentelemetry/sdk-trace-base'),
      import('@opentelemetry/exporter-trace-otlp-http'),
    ])
    return { ...api, ...core, ...resources, ...sdk, ...fastify, ...otlp }
  } catch (cause) {
    throw new Error('traces need the optional packages: install without --omit=optional', { cause })
  }
}

/**
 * The last hand before the network: takes out of every span what it may not say. The instrumentation puts the URL in,
 * and the words of errors. Says once when the collector does not take them, and once when it does again.
 */
function guarded({ log }: FastifyInstance, exporter: SpanExporter): SpanExporter {
  let failing = false
  function noteResult({ code, error }: ExportResult): void {
    if (failing === (code !== 0)) return
    failing = code !== 0
    if (failing) log.warn({ error: error?.message }, 'the collector does not take traces')
    else log.info('the collector takes traces again')
  }
  return {
    export: (spans, done) =>
      exporter.export(spans.filter(isRequest).map(withoutPerson), (result) => {
        noteResult(result)
        done(result)
      }),
    shutdown: () => exporter.shutdown(),
    forceFlush: async () => exporter.forceFlush?.(),
  }
}

/** The handler for unknown URLs gets a span of its own in any case. */
const isRequest = ({ attributes }: ReadableSpan) => attributes['http.request.method'] !== undefined

function withoutPerson(span: ReadableSpan): ReadableSpan {
  const attributes = Object.fromEntries(Object.entries(span.attributes).filter(([name]) => ALLOWED.includes(name)))
  // what a client did wrong is no error of the server's (OpenTelemetry's conventions for HTTP)
  const isFailure = Number(attributes['http.response.status_code']) >= 500
  const { traceId, spanId, traceFlags } = span.spanContext()
  // a span's members are its class's, so that only an heir has all of them
  return Object.create(span, {
    attributes: { value: attributes },
    // without `traceState`, which holds whatever the client has sent
    spanContext: { value: () => ({ traceId, spanId, traceFlags }) },
    status: { value: { code: isFailure ? span.status.code : 0 } },
    events: { value: [] },
    links: { value: [] },
  }) as ReadableSpan
}
