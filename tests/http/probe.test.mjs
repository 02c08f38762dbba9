// What a hostile or sloppy client may not do: the probe table, and the request collection of llhttp.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import test from 'node:test'
import { raw, shared, start } from './lib.mjs'

const next = 'GET /hello HTTP/1.1\r\nHost: second\r\n\r\n'
const post = (headers, body) => `POST /hello HTTP/1.1\r\nHost: a\r\n${headers}\r\n\r\n${body}`

// Each is followed by a valid request: a server that answers it too took the first one's framing
// on trust. Rows of the table of HTTP servers in the stack's decision record.
const probe = {
  'two different Content-Length': post('Content-Length: 5\r\nContent-Length: 0', 'aaaaa'),
  'two different Content-Length, the other order': post('Content-Length: 0\r\nContent-Length: 5', 'aaaaa'),
  'Content-Length and chunked': post('Content-Length: 5\r\nTransfer-Encoding: chunked', '0\r\n\r\n'),
  'a blank before the colon': post('Content-Length : 5', 'aaaaa'),
  'Content-Length: +5': post('Content-Length: +5', 'aaaaa'),
  'Content-Length 2^64 + 5': post('Content-Length: 18446744073709551621', 'aaaaa'),
  'bad chunk size': post('Transfer-Encoding: chunked', 'Z\r\naaaaa\r\n0\r\n\r\n'),
  'NUL in a header value': 'GET /hello HTTP/1.1\r\nHost: a\r\nX-A: b\0c\r\n\r\n',
  'no Host': 'GET /hello HTTP/1.1\r\n\r\n',
  'two Hosts': 'GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
  'a header of 100 KB': `GET /hello HTTP/1.1\r\nHost: a\r\nX-A: ${'x'.repeat(100000)}\r\n\r\n`,
  'a target of 100 KB': `GET /${'x'.repeat(100000)} HTTP/1.1\r\nHost: a\r\n\r\n`,
  'bare LF': 'GET /hello HTTP/1.1\nHost: a\n\n',
  'a folded header': 'GET /hello HTTP/1.1\r\nHost: a\r\nX-A: b\r\n c\r\n\r\n',
  'a thousand headers': `GET /hello HTTP/1.1\r\nHost: a\r\n${'X-A: b\r\n'.repeat(1000)}\r\n`,
  'Transfer-Encoding with another coding': post('Transfer-Encoding: gzip, chunked', '0\r\n\r\n'),
  'chunked on HTTP/1.0': 'POST /hello HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'bare LF after a chunk': post('Transfer-Encoding: chunked', '1\r\na\n0\r\n\r\n'),
  'a chunk of 2^64': post('Transfer-Encoding: chunked', '10000000000000000\r\na\r\n0\r\n\r\n'),
  'chunk extensions without end': post('Transfer-Encoding: chunked', `1;${'x'.repeat(20000)}\r\na\r\n`),
  'trailers without end': post('Transfer-Encoding: chunked', `0\r\n${'A: b\r\n'.repeat(20000)}\r\n`),
  'NUL in the path': 'GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n',
  'a bad escape': 'GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n',
  'overlong UTF-8': 'GET /%c0%af HTTP/1.1\r\nHost: a\r\n\r\n',
  'dot segments': 'GET /a/../b HTTP/1.1\r\nHost: a\r\n\r\n',
  'encoded dot segments': 'GET /a/%2e%2e/b HTTP/1.1\r\nHost: a\r\n\r\n',
  'a NUL in the query': 'GET /hello?a=%00 HTTP/1.1\r\nHost: a\r\n\r\n',
  'three empty lines first': '\r\n\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n',
  'a TLS hello': Buffer.from('160301020001000001fc0303', 'hex').toString('latin1'),
  'more body than the route takes': post('Content-Length: 2000000', 'a'),
  'a body for a route without one': 'GET /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc',
}

test('probe: hostile requests are refused and the connection is closed', async (t) => {
  const server = await start(t)
  for (const [name, bytes] of Object.entries(probe)) {
    for (const pieces of [0, 4000]) {
      const { statuses, closed, text } = await raw(server.port, bytes + next, { pieces })
      assert.equal(statuses.length, 1, `${name}: ${statuses} answers`)
      assert.ok([400, 413, 414, 431].includes(statuses[0]), `${name}: ${statuses[0]}`)
      assert.ok(closed, `${name}: not closed`)
      assert.match(text, /^Connection: close\r$/m, name)
      const problem = JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4))
      assert.equal(problem.status, statuses[0])
      assert.match(problem.request_id, /^[0-9a-f]{16}$/)
    }
  }
})

test('probe: what is legal is served, whole or byte by byte, and pipelined', async (t) => {
  const server = await start(t)
  const legal = {
    'plain': [next, 1],
    'an empty line first': ['\r\n' + next, 1],
    'absolute target': ['GET http://a/hello HTTP/1.1\r\nHost: a\r\n\r\n', 1],
    'a body': [post('Content-Length: 5', 'aaaaa'), 1],
    'chunks': [post('Transfer-Encoding: chunked', '3;a=b\r\nabc\r\n0\r\nX: y\r\n\r\n'), 1],
    'ten at once': [next.repeat(10), 10],
    'body and request': [post('Content-Length: 5', 'aaaaa') + next, 2],
    'many at once': [next.repeat(3000), 3000],
  }
  for (const [name, [bytes, count]] of Object.entries(legal)) {
    for (const pieces of count > 100 ? [0] : [0, 1]) {
      const { statuses } = await raw(server.port, bytes, { end: true, pieces, ms: 8000 })
      assert.deepEqual(statuses, Array(count).fill(200), `${name} by ${pieces || 'all'}`)
    }
  }
})

test('HTTP/1.0 and Connection: close end the connection after the answer', async (t) => {
  const server = await start(t)
  for (const first of ['GET /hello HTTP/1.0\r\n\r\n', 'GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n']) {
    const { statuses, closed } = await raw(server.port, first + next)
    assert.deepEqual(statuses, [200])
    assert.ok(closed)
  }
})

// ---- the collection of llhttp ----

// Requests that llhttp takes and we refuse, each with the reason.
const stricter = {
  'Quotes in URI': 'a quote is no URI character (RFC 3986)',
  'Fragment in URI': 'a target has no fragment (RFC 9112 §3.2)',
  '`host:port` and basic auth': 'user information in a target is an error (RFC 9110 §4.2.4)',
  'POST with `chunked` as last transfer-encoding': 'a coding beside chunked may be refused (RFC 9112 §6.1)',
  'POST with `chunked` as last transfer-encoding (multiple headers)': 'the same in two headers',
}
const otherError = /Pause on|Data after/ // llhttp stops there, but the request itself is sound

function cases(file) {
  const list = []
  let title = ''
  let type = ''
  let http = null
  const text = fs.readFileSync(file, 'utf8')
  for (const m of text.matchAll(/^#+ (.*)$|<!-- meta=(\{.*\}) *-->|```(http|log)\n([\s\S]*?)```/gm)) {
    if (m[1]) title = m[1]
    else if (m[2]) type = JSON.parse(m[2]).skipBody ? 'skip' : JSON.parse(m[2]).type
    else if (m[3] === 'http') http = m[4]
    else if (type !== 'skip') list.push({ title, type, http, log: m[4] }) // skip: llhttp is told of no body
  }
  return list
}

function bytesOf(http) {
  const crlf = http.replace(/\n$/, '').replace(/\\\n/g, '').replace(/\n/g, '\r\n')
  const text = crlf.replace(/\\r/g, '\r').replace(/\\n/g, '\n').replace(/\\t/g, '\t').replace(/\\f/g, '\f')
    .replace(/\\x([0-9a-fA-F]{2})/g, (_, h) => String.fromCharCode(parseInt(h, 16)))
  // Most of the collection has no Host; without this they would all be refused for that alone.
  const latin = Buffer.from(text, 'utf8').toString('latin1')
  return latin.replace(/^([A-Z-]+ [^\r\n]* HTTP\/1\.1\r\n)([\s\S]*?)(?=\r\n\r\n|$(?![\s\S]))/gm, (all, line, headers) =>
    /^host *:/im.test(headers) ? all : `${line}Host: ${/https?:\/\/([^/? ]*)/.exec(line)?.[1] ?? 'a'}\r\n${headers}`)
}

test('llhttp collection: refused where it errs, served where the request is legal', async (t) => {
  const folder = path.join(shared, 'data/http-security/http-requests')
  if (!fs.existsSync(folder)) return t.skip(`${folder} is absent`)
  const server = await start(t, '--catch-all')
  let refused = 0
  let served = 0
  const wrong = []
  for (const file of fs.readdirSync(folder).sort()) {
    for (const c of cases(path.join(folder, file))) {
      const what = `${file}: ${c.title} (${c.type})`
      const error = /error code=\d+ reason="(.*)"/.exec(c.log)?.[1]
      // llhttp errs at the bad byte; some of these heads have no end, which we give them.
      const tail = error ? '\r\n\r\n' : ''
      const { statuses, closed, text } = await raw(server.port, bytesOf(c.http) + tail, { end: true })
      const good = statuses.filter((s) => s < 300).length
      const lenient = c.type !== 'request'
      const complete = (c.log.match(/message complete/g) ?? []).length
      const claim = (ok) => ok || wrong.push(`${what}: answers ${statuses}, llhttp ${error ?? complete}`)
      claim(closed)
      if (c.type !== 'request') {
        // The same bytes as a strict case, in a mode that we do not have: never one request more.
        claim(good <= complete)
      } else if (error && !otherError.test(error)) {
        refused++
        claim(good === 0 && statuses.at(-1) >= 400)
      } else if (stricter[c.title]) {
        claim(good === 0 && statuses.at(-1) >= 400)
      } else {
        served++
        const known = /^(GET|POST|PUT|PATCH) /.test(c.http) && / HTTP\/1\.[01]/.test(c.http)
        if (known) claim(good === complete)
        else if (complete) claim([400, 501, 505].includes(statuses[0]))
      }
    }
  }
  assert.deepEqual(wrong, [])
  assert.ok(refused > 20 && served > 30, `${refused} refused, ${served} served`)
})

test('URL cases: a target that is no path is refused, never resolved', async (t) => {
  const file = path.join(shared, 'data/http-security/urls/urltestdata_part.json')
  if (!fs.existsSync(file)) return t.skip(`${file} is absent`)
  const server = await start(t, '--catch-all')
  const seen = new Set()
  let served = 0
  for (const c of JSON.parse(fs.readFileSync(file, 'utf8'))) {
    const input = typeof c === 'object' && c.input
    if (!input || !/^https?:/.test(c.href ?? '') || seen.has(c.pathname)) continue
    seen.add(c.pathname)
    // The normal form of a URL parser is a legal target unless it keeps what we refuse.
    const target = c.pathname + c.search
    const legal = /^[\x21-\x7e]+$/.test(target) && !/["<>\\^`{|}[\]']|%(?![0-9a-f]{2})|%(0|1|7f|2f|5c)|%[89a-f]/i.test(target) &&
      !/(^|\/)\.{1,2}(\/|$)/.test(decodeURIComponent(c.pathname.replace(/%(?![0-9a-f]{2})/gi, '%25')))
    const { statuses } = await raw(server.port, `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`, { end: true })
    if (legal) assert.equal(statuses[0], 200, `${target}: ${statuses}`)
    served += legal ? 1 : 0
    assert.equal(statuses.length, 1, target)
  }
  assert.ok(served > 10, `${served} served`)
})
