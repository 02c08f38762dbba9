// Many clients, slow clients, idle clients, and a stop in the middle of it.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import test from 'node:test'
import { raw, sleep, start, until } from './lib.mjs'

const open = (port) => new Promise((resolve, reject) => {
  const socket = net.connect(port, '127.0.0.1')
  socket.on('connect', () => resolve(socket))
  socket.on('error', reject)
})

async function many(port, count) {
  const sockets = []
  for (let i = 0; i < count; i += 100)
    sockets.push(...await Promise.all(Array.from({ length: Math.min(100, count - i) }, () => open(port))))
  sockets.forEach((s) => s.on('error', () => {}))
  return sockets
}

function get(port, target, agent) {
  return new Promise((resolve, reject) => {
    const req = http.get({ port, host: '127.0.0.1', path: target, agent }, (res) => {
      let size = 0
      res.on('data', (d) => (size += d.length))
      res.on('end', () => resolve({ status: res.statusCode, size, connection: res.headers.connection }))
      res.on('error', reject)
    })
    req.on('error', reject)
  })
}
const stats = (port) => new Promise((resolve) => {
  http.get({ port, host: '127.0.0.1', path: '/stats', agent: false }, (res) => {
    let text = ''
    res.on('data', (d) => (text += d))
    res.on('end', () => resolve(JSON.parse(text)))
  })
})
const memory = (pid) => Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024

/** Sends requests one after the other on `lanes` connections for `ms`; the time of each. */
async function drive(port, ms, lanes = 4) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: lanes })
  const times = []
  const stop = Date.now() + ms
  await Promise.all(Array.from({ length: lanes }, async () => {
    while (Date.now() < stop) {
      const from = performance.now()
      assert.equal((await get(port, '/hello', agent)).status, 200)
      times.push(performance.now() - from)
    }
  }))
  agent.destroy()
  return times.sort((a, b) => a - b)
}

test('300 clients with slow heads, slow bodies and slow reads do not slow the others', async (t) => {
  const server = await start(t, '--head-ms', '3000', '--body-ms', '3000', '--write-ms', '3000')
  const slow = await many(server.port, 300)
  slow.forEach((s, i) => {
    if (i % 3 === 0) s.write('GET /hello HTTP/1.1\r\nHost: a\r\nX-A: ')
    else if (i % 3 === 1) s.write('POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nabc')
    else s.pause().write('GET /pull?size=30000000 HTTP/1.1\r\nHost: a\r\n\r\n')
  })
  const drip = setInterval(() => slow.forEach((s, i) => i % 3 < 2 && s.writable && s.write('x')), 300)
  t.after(() => clearInterval(drip))
  const times = await drive(server.port, 2000)
  t.diagnostic(`${times.length} requests, p99 ${times[Math.floor(times.length * 0.99)].toFixed(1)} ms`)
  assert.ok(times.length > 500)
  assert.ok(times[Math.floor(times.length * 0.99)] < 200)
  // A head that drips one byte at a time still ends at its limit, a body that stops too.
  await until(async () => (await stats(server.port)).connections <= 3, 12000)
  assert.ok((await stats(server.port)).timeouts >= 300)
  slow.forEach((s) => s.destroy())
})

test('a slow head and a slow body are told 408', async (t) => {
  const { port } = await start(t, '--head-ms', '300', '--body-ms', '300')
  const head = await raw(port, 'GET /hello HTTP/1.1\r\nHost:')
  assert.deepEqual([head.statuses, head.closed], [[408], true])
  const body = await raw(port, 'POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc')
  assert.deepEqual([body.statuses, body.closed], [[408], true])
  const silent = await raw(port, '')
  assert.deepEqual([silent.statuses, silent.closed], [[], true])
})

test('2000 idle connections: little memory, no delay for others, closed when idle for long', async (t) => {
  const server = await start(t, '--idle-ms', '2500')
  await get(server.port, '/hello')
  const before = memory(server.pid)
  const idle = await many(server.port, 2000)
  await Promise.all(idle.map((s) => new Promise((resolve) => {
    s.once('data', resolve)
    s.write('GET /hello HTTP/1.1\r\nHost: a\r\n\r\n')
  })))
  const grown = memory(server.pid) - before
  const times = await drive(server.port, 500)
  t.diagnostic(`${grown.toFixed(1)} MB for 2000; p99 ${times[Math.floor(times.length * 0.99)].toFixed(1)} ms`)
  assert.ok(grown < 40, `${grown} MB`)
  await until(async () => (await stats(server.port)).connections <= 2, 8000)
  idle.forEach((s) => s.destroy())
})

test('connection limits: in all, and of one address', async (t) => {
  for (const which of ['--connections', '--per-peer']) {
    const { port } = await start(t, which, '5')
    const held = await many(port, 5)
    await sleep(50)
    assert.deepEqual((await raw(port, 'GET /hello HTTP/1.1\r\nHost: a\r\n\r\n')).statuses, [503])
    held[0].destroy()
    await sleep(50)
    assert.deepEqual((await raw(port, 'GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')).statuses, [200])
    held.forEach((s) => s.destroy())
  }
})

test('a stop under load: each request that was begun is answered whole', async (t) => {
  const server = await start(t)
  const agent = new http.Agent({ keepAlive: true, maxSockets: 64 })
  let answered = 0
  let refused = 0
  let stopping = false
  const broken = []
  const lane = async (target) => {
    for (;;) {
      try {
        const { status, connection } = await get(server.port, target, agent)
        assert.equal(status, 200)
        answered++
        if (connection === 'close' && stopping) return
      } catch (e) {
        // Never reached the server, or an idle connection that was closed when we wrote: by the
        // rules of HTTP the client may repeat it. A reply that began and broke off is a loss.
        if (!stopping || e.code === 'ERR_ASSERTION' || e.message === 'aborted') broken.push(e)
        refused++
        return
      }
    }
  }
  const lanes = [...Array(30)].map((_, i) => lane(['/hello', '/later', '/slow?ms=300', '/big?size=300000', '/file?size=400000'][i % 5]))
  const events = raw(server.port, 'GET /events?count=10000&ms=20 HTTP/1.1\r\nHost: a\r\n\r\n', { ms: 9000 })
  await sleep(700)
  // One that is known to be running when the stop begins must be answered.
  const running = get(server.port, '/slow?ms=800', false)
  await until(async () => (await stats(server.port)).running >= 2)
  await sleep(100)
  stopping = true
  const from = Date.now()
  const end = await server.stop()
  await Promise.all(lanes)
  assert.deepEqual(await running, { status: 200, size: 13, connection: 'close' })
  const stream = await events
  assert.ok(stream.closed && stream.text.endsWith('0\r\n\r\n'), 'the event stream ends properly')
  t.diagnostic(`${answered} answered, ${refused} not begun; stopped in ${Date.now() - from} ms`)
  assert.deepEqual(broken, [])
  assert.equal(end.out.split('\n')[1], 'stopped clean')
  assert.ok(Date.now() - from < 4000)
  agent.destroy()
})

test('a stop with a client that never ends is cut at the deadline', async (t) => {
  const server = await start(t)
  const socket = await open(server.port)
  socket.on('error', () => {})
  socket.write('POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n')
  const drip = setInterval(() => socket.write('x'), 1000)
  await sleep(100)
  const from = Date.now()
  const end = await server.stop()
  clearInterval(drip)
  assert.match(end.out, /stopped cut/)
  assert.ok(Date.now() - from < 7000)
})

test('clients that go away while their handler works cost nothing', async (t) => {
  const server = await start(t)
  for (let round = 0; round < 3; round++) {
    const sockets = await many(server.port, 100)
    sockets.forEach((s, i) => s.write(`GET /${i % 2 ? 'slow?ms=200' : 'export?kb=2000'} HTTP/1.1\r\nHost: a\r\n\r\n`))
    await sleep(50)
    sockets.forEach((s, i) => i % 4 < 2 ? s.resetAndDestroy() : s.destroy())
  }
  await until(async () => {
    const { connections, running, streams } = await stats(server.port)
    return connections === 1 && running === 1 && streams === 0
  }, 8000)
})

test('a handler that outlives the stop is cut for its client and still answers safely', async (t) => {
  const server = await start(t)
  const lost = raw(server.port, 'GET /slow?ms=6500 HTTP/1.1\r\nHost: a\r\n\r\n', { ms: 9000 })
  await sleep(100)
  const end = await server.stop()
  assert.match(end.out, /stopped cut/)
  assert.deepEqual((await lost).statuses, [])
})
