// What a well-behaved client gets: routes, bodies, ranges, compression, streams, TLS.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import test from 'node:test'
import zlib from 'node:zlib'
import { raw, sleep, start, until } from './lib.mjs'

function call(port, target, { method = 'GET', headers = {}, body, module = http, agent } = {}) {
  return new Promise((resolve, reject) => {
    const req = module.request({ port, host: '127.0.0.1', path: target, method, headers, agent, rejectUnauthorized: false }, (res) => {
      const parts = []
      res.on('data', (d) => parts.push(d))
      res.on('aborted', () => resolve({ status: res.statusCode, aborted: true }))
      res.on('error', () => {})
      res.on('end', () => resolve({ status: res.statusCode, headers: res.headers, body: Buffer.concat(parts) }))
    })
    req.on('error', reject)
    req.end(body)
  })
}
const json = async (...args) => JSON.parse((await call(...args)).body)

test('routes: 404, 405 with Allow, OPTIONS, HEAD, params, queries, cookies', async (t) => {
  const { port } = await start(t)
  assert.equal((await call(port, '/none')).status, 404)
  const wrong = await call(port, '/hello', { method: 'DELETE' })
  assert.equal(wrong.status, 405)
  assert.equal(wrong.headers.allow, 'GET, HEAD, POST, OPTIONS')
  assert.equal((await call(port, '/hello', { method: 'OPTIONS' })).status, 204)
  const head = await call(port, '/big?plain=1', { method: 'HEAD' })
  assert.equal(head.headers['content-length'], '20480')
  assert.equal(head.body.length, 0)
  const seen = await json(port, '/view/%E5%BC%A0%20x?a=1+2&b=%26&c&a=3', { headers: { cookie: 'x=1; session=abc' } })
  assert.deepEqual([seen.name, seen.path, seen.cookie], ['张 x', '/view/张 x', 'abc'])
  assert.deepEqual(seen.query, { a: '3', b: '&', c: '' })
})

test('every reply has the security headers, a request id and no-store', async (t) => {
  const { port } = await start(t)
  for (const target of ['/hello', '/none']) {
    const { headers } = await call(port, target)
    assert.match(headers['content-security-policy'], /default-src 'self'.*frame-ancestors 'none'/)
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.equal(headers['cache-control'], 'no-store')
    assert.ok(headers['referrer-policy'])
    assert.match(headers['x-request-id'], /^[0-9a-f]{16}$/)
  }
})

test('a header value with a line end turns the reply into a 500', async (t) => {
  const { port } = await start(t)
  assert.equal((await call(port, '/header?value=plain')).headers['x-echo'], 'plain')
  const bad = await call(port, '/header?value=a%0d%0aSet-Cookie:%20x=y')
  assert.equal(bad.status, 500)
  assert.equal(bad.headers['set-cookie'], undefined)
})

test('gzip: smaller, the same bytes, only when wanted', async (t) => {
  const { port } = await start(t)
  const plain = await call(port, '/big')
  const zipped = await call(port, '/big', { headers: { 'accept-encoding': 'br, gzip' } })
  assert.equal(plain.headers['content-encoding'], undefined)
  assert.equal(plain.headers.vary, 'Accept-Encoding')
  assert.equal(zipped.headers['content-encoding'], 'gzip')
  assert.equal(zipped.headers.etag, 'W/"v1"')
  assert.ok(zipped.body.length < plain.body.length / 3)
  assert.deepEqual(zlib.gunzipSync(zipped.body), plain.body)
  for (const refuses of ['gzip;q=0', 'identity', 'br'])
    assert.equal((await call(port, '/big', { headers: { 'accept-encoding': refuses } })).headers['content-encoding'], undefined)
  const small = await call(port, '/big?size=1000', { headers: { 'accept-encoding': 'gzip' } })
  assert.equal(small.headers['content-encoding'], undefined)
})

test('conditions: 304 by tag and by date', async (t) => {
  const { port } = await start(t)
  const get = (headers) => call(port, '/file', { headers })
  assert.equal((await get({ 'if-none-match': '"other", W/"file"' })).status, 304)
  assert.equal((await get({ 'if-none-match': '*' })).status, 304)
  assert.equal((await get({ 'if-none-match': '"other"' })).status, 200)
  assert.equal((await get({ 'if-modified-since': 'Sun, 06 Nov 1994 08:49:37 GMT' })).status, 304)
  assert.equal((await get({ 'if-modified-since': 'Sun, 06 Nov 1994 08:49:36 GMT' })).status, 200)
  const fresh = await get({})
  assert.equal(fresh.headers['last-modified'], 'Sun, 06 Nov 1994 08:49:37 GMT')
})

test('ranges of a file and of a buffer', async (t) => {
  const { port } = await start(t)
  const whole = (await call(port, '/file?size=1000')).body
  const cases = [
    ['bytes=0-9', 206, 0, 10], ['bytes=990-', 206, 990, 1000], ['bytes=-5', 206, 995, 1000],
    ['bytes=-5000', 206, 0, 1000], ['bytes=999-5000', 206, 999, 1000], ['bytes=1000-', 416],
    ['bytes=-0', 416], ['bytes=5-2', 200, 0, 1000], ['bytes=0-1,5-6', 200, 0, 1000],
    ['lines=0-1', 200, 0, 1000], ['bytes=a-b', 200, 0, 1000], ['bytes=--5', 200, 0, 1000],
  ]
  for (const [range, status, from, to] of cases) {
    const got = await call(port, '/file?size=1000', { headers: { range } })
    assert.equal(got.status, status, range)
    if (status === 416) assert.equal(got.headers['content-range'], 'bytes */1000')
    else assert.deepEqual(got.body, whole.subarray(from, to), range)
    if (status === 206) assert.equal(got.headers['content-range'], `bytes ${from}-${to - 1}/1000`)
  }
  const stale = await call(port, '/file?size=1000', { headers: { range: 'bytes=0-9', 'if-range': '"old"' } })
  assert.equal(stale.status, 200)
  const buffer = await call(port, '/big?ranges=1', { headers: { range: 'bytes=5-9', 'accept-encoding': 'gzip' } })
  assert.deepEqual([buffer.status, buffer.body.length], [206, 5])
})

test('bodies: echoed whole, chunked too; limits are told before the body is read', async (t) => {
  const { port } = await start(t)
  const body = Buffer.alloc(1 << 20, 'abcdefghijk')
  assert.deepEqual((await call(port, '/echo', { method: 'POST', body, headers: { 'content-length': body.length } })).body, body)
  assert.deepEqual((await call(port, '/echo', { method: 'POST', body, headers: { 'transfer-encoding': 'chunked' } })).body, body)
  const early = await raw(port, 'POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1048577\r\nExpect: 100-continue\r\n\r\n')
  assert.deepEqual([early.statuses, early.closed], [[413], true])
  const over = await raw(port, 'POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n' + ('10000\r\n' + 'x'.repeat(65536) + '\r\n').repeat(17))
  assert.deepEqual(over.statuses, [413])
  const admitted = await raw(port, 'POST /closed HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n')
  assert.deepEqual([admitted.statuses, admitted.closed], [[401], true])
  assert.match(Buffer.from(admitted.text, 'latin1').toString(), /"title":"请先登录".*"code":"unauthenticated"/)
})

test('Expect: 100-continue', async (t) => {
  const { port } = await start(t)
  const socket = net.connect(port, '127.0.0.1')
  let text = ''
  socket.on('data', (d) => (text += d))
  socket.write('POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n')
  await until(() => text.startsWith('HTTP/1.1 100 Continue\r\n\r\n'))
  socket.write('hello')
  await until(() => /200 OK[\s\S]*hello$/.test(text))
  socket.destroy()
  assert.deepEqual((await raw(port, 'GET /hello HTTP/1.1\r\nHost: a\r\nExpect: miracle\r\n\r\n')).statuses, [417])
})

test('a part of 8 MB in memory and 40 MB through a spool file', async (t) => {
  const { port } = await start(t)
  const part = Buffer.alloc(8 << 20, 'part')
  assert.deepEqual((await call(port, '/part', { method: 'PUT', body: part })).body, part)
  const big = Buffer.alloc(40 << 20, 3)
  assert.deepEqual(await json(port, '/spool', { method: 'PUT', body: big }), { length: big.length, sum: big.length * 3 })
  assert.equal((await json(port, '/stats')).body_memory, 0)
})

test('pulled and exported bodies arrive whole, or visibly broken', async (t) => {
  const { port } = await start(t)
  const pulled = (await call(port, '/pull?size=1000000')).body.toString()
  assert.equal(pulled.length, 1000000)
  assert.ok(pulled.startsWith('abcdefghijklmnopqrstuvwxyzabc'))
  assert.ok((await call(port, '/pull?size=1000000&break=1')).aborted)
  assert.equal((await call(port, '/export?kb=20000')).body.length, 20000000)
  const old = await raw(port, 'GET /pull?size=50000 HTTP/1.0\r\n\r\n', { ms: 5000 })
  assert.ok(old.closed && !/chunked/.test(old.text))
  assert.equal(old.text.split('\r\n\r\n')[1].length, 50000)
})

test('an event stream: events, ids, heartbeat, and its end when the client goes', async (t) => {
  const { port } = await start(t, '--beat-ms', '200')
  const { body, headers } = await call(port, '/events?count=2&ms=1')
  assert.equal(headers['content-type'], 'text/event-stream')
  assert.equal(body.toString(), 'event: tick\nid: 0\ndata: first 0\ndata: second\n\nevent: tick\nid: 1\ndata: first 1\ndata: second\n\n')
  const quiet = await raw(port, 'GET /events?count=2&ms=900 HTTP/1.1\r\nHost: a\r\n\r\n', { ms: 2000 })
  assert.match(quiet.text, /\r\n3\r\n:\n\n\r\n/)
  const socket = net.connect(port, '127.0.0.1')
  socket.write('GET /events?count=100000&ms=5 HTTP/1.1\r\nHost: a\r\n\r\n')
  await until(async () => (await json(port, '/stats')).streams === 1)
  socket.destroy()
  await until(async () => (await json(port, '/stats')).streams === 0)
})

test('an event client that does not read is cut, not stored', async (t) => {
  const { port } = await start(t, '--queue', '65536')
  const socket = net.connect(port, '127.0.0.1')
  socket.on('error', () => {})
  socket.write('GET /events?count=1000000&ms=0&pad=4096 HTTP/1.1\r\nHost: a\r\n\r\n')
  socket.pause()
  await until(async () => (await json(port, '/stats')).streams === 0, 10000)
  socket.destroy()
})

test('rate, proxy headers and log lines', async (t) => {
  const server = await start(t, '--rate', '3', '--proxy', '--log')
  const seen = await json(server.port, '/view/a?secret=1', { headers: { 'x-forwarded-for': '9.9.9.9, 192.0.2.7', 'x-forwarded-proto': 'https' } })
  assert.deepEqual([seen.peer, seen.tls], ['192.0.2.7', true])
  await call(server.port, '/hello')
  await call(server.port, '/hello')
  const limited = await call(server.port, '/hello')
  assert.deepEqual([limited.status, limited.headers['retry-after']], [429, '7'])
  await until(() => / 429 /.test(server.err))
  assert.match(server.err, /http: GET \/view\/\{name\} [0-9a-f]{16} 200 \d+ B \d+ us/)
  assert.ok(!server.err.includes('secret'))
})

test('TLS: requests, keep-alive, a large file, a stream, an upload', async (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'qibing-tls-'))
  t.after(() => fs.rmSync(folder, { recursive: true }))
  const [cert, key] = [path.join(folder, 'cert.pem'), path.join(folder, 'key.pem')]
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
    '-subj', '/CN=localhost', '-keyout', key, '-out', cert], { stdio: 'ignore' })
  const { port } = await start(t, '--cert', cert, '--key', key)
  const agent = new https.Agent({ keepAlive: true, maxSockets: 1 })
  const secure = { module: https, agent }
  for (let i = 0; i < 3; i++) assert.equal((await call(port, '/hello', secure)).status, 200)
  assert.equal((await json(port, '/view/x', secure)).tls, true)
  const file = (await call(port, '/file?size=3000000', secure)).body
  assert.equal(file.length, 3000000)
  assert.ok(file.every((b, i) => b === i % 251))
  assert.equal((await call(port, '/export?kb=5000', secure)).body.length, 5000000)
  assert.equal((await call(port, '/pull?size=300000', secure)).body.length, 300000)
  const part = Buffer.alloc(8 << 20, 'part')
  assert.deepEqual((await call(port, '/part', { ...secure, method: 'PUT', body: part })).body, part)
  assert.equal((await json(port, '/stats', secure)).connections, 1)
  agent.destroy()
  const plain = await raw(port, 'GET /hello HTTP/1.1\r\nHost: a\r\n\r\n')
  assert.ok(plain.closed && !plain.statuses.length)
  await sleep(50)
  await assert.rejects(call(port, '/hello', { module: https, agent: new https.Agent({ maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'ALL@SECLEVEL=0' }) }))
})

test('a port in use is an error with its name', async (t) => {
  const { port } = await start(t)
  await assert.rejects(start({ after() {} }, '--port', String(port)), /listening on 127\.0\.0\.1:\d+: bind: Address already in use/)
})
