// Sends logs, spans and metrics with the OpenTelemetry SDK of JavaScript: node sender.js http|proto|grpc URL COUNT [PAUSE_MS]
// With a pause, only logs are sent, one export each; every export that the exporter reports as a success is printed.
'use strict';
const [kind, url, countText, pauseText] = process.argv.slice(2);
const count = Number(countText);
const from = signal => require(`@opentelemetry/exporter-${signal}-otlp-${kind}`);
const endpoint = signal => (kind === 'grpc' ? url : `${url}/v1/${signal}`);
const { resourceFromAttributes } = require('@opentelemetry/resources');
const resource = resourceFromAttributes({ 'service.name': 'js-shop', 'deployment.environment.name': 'test', 'host.name': 'box' });

async function sendLogs() {
  const { LoggerProvider, BatchLogRecordProcessor } = require('@opentelemetry/sdk-logs');
  const exporter = new (from('logs').OTLPLogExporter)({ url: endpoint('logs'), timeoutMillis: 30000 });
  const provider = new LoggerProvider({ resource, processors: [new BatchLogRecordProcessor({ exporter })] });
  const logger = provider.getLogger('js-logger');
  for (let i = 0; i < count; i++) {
    logger.emit({ severityNumber: 17, severityText: 'ERROR', body: `Order ${i} failed`, attributes: { id: i, nested: { list: [1, 'a'] } } });
  }
  await provider.forceFlush();
  await provider.shutdown();
}

async function streamLogs(pause) {
  const { LoggerProvider } = require('@opentelemetry/sdk-logs');
  const exporter = new (from('logs').OTLPLogExporter)({ url: endpoint('logs'), timeoutMillis: 30000, concurrencyLimit: 1000 });
  const running = [];
  const processor = {
    onEmit(record) {
      running.push(new Promise(done => exporter.export([record], result => {
        console.log(`${result.code === 0 ? 'ok' : 'failed'} ${record.body}`);
        done();
      })));
    },
    forceFlush: async () => {},
    shutdown: () => exporter.shutdown(),
  };
  const logger = new LoggerProvider({ resource, processors: [processor] }).getLogger('js-logger');
  for (let i = 0; i < count; i++) {
    logger.emit({ severityNumber: 9, body: `message ${i}` });
    await new Promise(next => setTimeout(next, pause));
  }
  await Promise.all(running);
  await exporter.shutdown();
}

async function sendSpans() {
  const { trace, context, SpanKind, SpanStatusCode } = require('@opentelemetry/api');
  const { NodeTracerProvider, BatchSpanProcessor } = require('@opentelemetry/sdk-trace-node');
  const exporter = new (from('trace').OTLPTraceExporter)({ url: endpoint('traces') });
  const provider = new NodeTracerProvider({ resource, spanProcessors: [new BatchSpanProcessor(exporter)] });
  const tracer = provider.getTracer('js-tracer');
  for (let i = 0; i < count / 2; i++) {
    const outer = tracer.startSpan('request', { kind: SpanKind.SERVER });
    const inner = tracer.startSpan(`work ${i}`, { kind: SpanKind.CLIENT, attributes: { 'peer.service': 'stock' } }, trace.setSpan(context.active(), outer));
    if (i === 3) {
      inner.recordException(new RangeError('no stock'));
      inner.setStatus({ code: SpanStatusCode.ERROR, message: 'no stock' });
    }
    inner.end();
    outer.end();
  }
  await provider.forceFlush();
  await provider.shutdown();
}

async function sendMetrics() {
  const { MeterProvider, PeriodicExportingMetricReader } = require('@opentelemetry/sdk-metrics');
  const exporter = new (from('metrics').OTLPMetricExporter)({ url: endpoint('metrics') });
  const provider = new MeterProvider({ resource, readers: [new PeriodicExportingMetricReader({ exporter })] });
  const meter = provider.getMeter('js-meter');
  const orders = meter.createCounter('orders');
  const durations = meter.createHistogram('order.duration', { unit: 'ms' });
  meter.createObservableGauge('queue.depth').addCallback(result => result.observe(12.5));
  for (let i = 0; i < count; i++) {
    orders.add(1, { currency: 'EUR' });
    durations.record(i);
  }
  await provider.shutdown();
}

(async () => {
  if (pauseText) {
    await streamLogs(Number(pauseText));
  } else {
    await sendLogs();
    await sendSpans();
    await sendMetrics();
  }
})().catch(error => {
  console.error(error);
  process.exit(1);
});
