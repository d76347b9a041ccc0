// node send.mjs CLIENT URL COUNT: has a real client send COUNT records, says "half" at the half, and "done" when all were handed over.
// Of clients that do not say what was delivered, "ok N" names each record in a request that was answered with a success.
import { setTimeout as sleep } from 'node:timers/promises'

const [client, url, countText] = process.argv.slice(2)
const count = Number(countText)

const senders = {
  async elasticsearch() {
    const { Client } = await import('@elastic/elasticsearch')
    const es = new Client({ node: url, maxRetries: 40, requestTimeout: 5000, retryBackoff: () => 0.5 })
    async function* documents() {
      for await (const n of numbers()) {
        yield { '@timestamp': new Date().toISOString(), message: `order ${n}`, log: { level: n % 10 ? 'info' : 'error' }, service: { name: 'shop' }, trace: { id: `t${n}` }, n }
      }
    }
    const stats = await es.helpers.bulk({
      datasource: documents(), flushBytes: 4000, flushInterval: 200, concurrency: 2, retries: 20,
      onDocument: document => ({ create: { _index: 'logs-shop', _id: `order-${document.n}` } })
    })
    console.log(`client: total ${stats.total} failed ${stats.failed} retry ${stats.retry}`)
  },

  async 'pino-elasticsearch'() {
    const { default: pino } = await import('pino')
    const { default: pinoElastic } = await import('pino-elasticsearch')
    const { UndiciConnection } = await import('@elastic/elasticsearch')
    class Watched extends UndiciConnection {
      async request(params, options) {
        const answer = await super.request(params, options)
        if (params.path.startsWith('/_bulk') && answer.statusCode === 200 && !JSON.parse(answer.body).errors) delivered(params.body)
        return answer
      }
    }
    const stream = pinoElastic({ node: url, index: 'logs-shop', esVersion: 9, flushBytes: 2000, flushInterval: 200, Connection: Watched })
    stream.on('error', e => console.error(`client: ${e.message}`))
    stream.on('insertError', e => console.error(`client: ${e.message}`))
    const logger = pino({ name: 'shop' }, stream)
    for await (const n of numbers()) {
      logger[n % 10 ? 'info' : 'error']({ trace_id: `t${n}`, n }, `order ${n}`)
    }
    // A stream whose bulk helper gave up is never read to its end.
    await Promise.race([sleep(5000), new Promise(resolve => { stream.on('finish', resolve); stream.on('close', resolve); stream.end() })])
    await sleep(1500)
  },

  async 'pino-loki'() {
    const { default: pino } = await import('pino')
    const { pinoLoki } = await import('pino-loki')
    const send = globalThis.fetch
    globalThis.fetch = async (address, request) => {
      const answer = await send(address, request)
      if (answer.ok) delivered(request.body)
      return answer
    }
    const stream = pinoLoki({ host: url, batching: { interval: 0.2 }, labels: { application: 'shop' }, silenceErrors: false })
    const logger = pino({ level: 'info' }, stream)
    for await (const n of numbers()) {
      logger[n % 10 ? 'info' : 'error']({ trace_id: `t${n}`, n }, `order ${n}`)
    }
    stream.end()
    await sleep(2000)
  },

  async 'winston-loki'() {
    const { default: winston } = await import('winston')
    const { default: LokiTransport } = await import('winston-loki')
    const transport = new LokiTransport({
      host: url, json: process.env.LOKI_JSON === '1', interval: 0.3, labels: { app: 'shop' }, clearOnError: false, gracefulShutdown: false,
      format: winston.format.json(), replaceTimestamp: false, onConnectionError: e => console.error(`client: ${e}`)
    })
    const logger = winston.createLogger({ transports: [transport] })
    for await (const n of numbers()) {
      logger.log({ level: n % 10 ? 'info' : 'error', message: `order ${n}`, trace_id: `t${n}`, n })
    }
    for (let i = 0; i < 40; i++) {
      await sleep(500)
      await transport.flush?.().catch(() => {})
      if (!transport.batcher?.batch?.streams?.length) break
    }
  }
}

function delivered(body) {
  for (const [, n] of String(body).matchAll(/order (\d+)/g)) console.log(`ok ${n}`)
}

async function* numbers() {
  for (let n = 1; n <= count; n++) {
    if (n === Math.ceil(count / 2)) console.log('half')
    yield n
    if (n % 5 === 0) await sleep(20)
  }
}

await senders[client]()
console.log('done')
process.exit(0)
