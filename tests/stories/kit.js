// What stories stand on: a fresh company on a fresh database behind a real server, and clients that
// speak to it as the pages do.
//
//     import { company, ok } from './kit.js'
//     test('…', async (t) => {
//       const c = await company(t)                       // SQLite, or PostgreSQL by QIBING_DATABASE
//       const unit = ok(await c.admin.post('/units', { code: 'r1', name: '一区', level: 'middle' }))
//       const ann = await c.login('ann', { permissions: { 'org.read': 'org' } })
//       assert.equal((await ann.post('/units', {})).status, 403)
//     })
//
// QIBING           the program [build/qibing]
// QIBING_DATABASE  postgres://… of a cluster made for tests; each company gets a database of its own
//
// Everything is stopped by its own pid and removed when the test ends. A server that ended by itself,
// or a sanitizer's report on its stderr, fails the test.
import assert from 'node:assert/strict'
import { execFile, execFileSync, spawn } from 'node:child_process'
import { randomBytes, randomUUID, createHmac } from 'node:crypto'
import { once } from 'node:events'
import fs from 'node:fs'
import http from 'node:http'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..')
export const build = process.env.QIBING_BUILD ?? path.join(root, 'build')
export const program = process.env.QIBING ?? path.join(build, 'qibing')
export const cluster = process.env.QIBING_DATABASE || null
export const PASSWORD = 'mo-fang-yun-hai-27'

/** The body of a good answer; fails with what the server said otherwise. */
export function ok(answer, status) {
  const good = status ? answer.status === status : answer.status >= 200 && answer.status < 300
  assert.ok(good, `${answer.method} ${answer.path} answered ${answer.status}: ${answer.text.slice(0, 600)}`)
  return answer.body
}

/** A refused answer: its status, and problem JSON with the status inside. */
export function refused(answer, status, code) {
  assert.equal(answer.status, status, `${answer.method} ${answer.path} answered ${answer.status}: ${answer.text.slice(0, 600)}`)
  assert.match(answer.headers['content-type'] ?? '', /^application\/problem\+json/)
  assert.equal(answer.body.status, status)
  if (code) assert.equal(answer.body.code, code)
  return answer.body
}

export function temporary(t) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'qibing-story-'))
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Runs the program; never throws. */
export function run(args, { input, env = {}, timeout = 120_000, cwd } = {}) {
  return new Promise((resolve) => {
    const child = execFile(program, args, { encoding: 'utf8', timeout, cwd, maxBuffer: 1 << 28, env: { ...process.env, ...env } },
      (error, out, err) => resolve({ code: error ? (typeof error.code === 'number' ? error.code : error.signal ?? -1) : 0, out, err }))
    child.stdin.on('error', () => {}) // it may end before it reads
    child.stdin.end(input ?? '')
  })
}

function psql(database, text) {
  const url = new URL(cluster)
  if (database) url.pathname = '/' + database
  return execFileSync('psql', ['-X', '-A', '-t', '-q', '-v', 'ON_ERROR_STOP=1', url.href], { input: text, encoding: 'utf8', timeout: 60_000 }).trim()
}

function freshDatabase(t) {
  if (!cluster) return null
  const name = 'story_' + randomBytes(6).toString('hex')
  psql(null, `CREATE DATABASE ${name}`)
  t.after(() => psql(null, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`))
  const url = new URL(cluster)
  url.pathname = '/' + name
  return { name, url: url.href }
}

/** The code an authenticator app shows (RFC 6238, SHA-1, 6 digits, 30 s). */
export function totp(base32, time = Date.now(), step = 0) {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  let bits = ''
  for (const c of base32.replace(/=+$/, '')) bits += letters.indexOf(c).toString(2).padStart(5, '0')
  const key = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)))
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(time / 30_000) + step))
  const mac = createHmac('sha1', key).update(counter).digest()
  const at = mac[19] & 15
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

/** One device or program. Paths are below /api/v1 unless they begin with "//". */
export class Client {
  constructor(server, { code, agent } = {}) {
    this.server = server
    this.code = code
    this.agent = agent ?? server.agent
    this.cookie = null
    this.csrf = null
    this.bearer = null
    this.me = null
    this.language = 'zh-CN'
  }

  /** A request with its headers fixed, the Idempotency-Key too: sent again it is a retry. */
  prepare(method, where, body, { key, ifMatch, headers = {}, type, csrf = true, query } = {}) {
    let target = where.startsWith('//') ? where.slice(1) : '/api/v1' + where
    if (query) target += (target.includes('?') ? '&' : '?') + new URLSearchParams(query)
    const h = { 'accept-language': this.language }
    if (this.cookie) h.cookie = 'qibing=' + this.cookie
    if (this.bearer) h.authorization = 'Bearer ' + this.bearer
    if (method !== 'GET' && csrf && this.csrf) h['x-csrf-token'] = this.csrf
    if (method !== 'GET' && key !== null) h['idempotency-key'] = key ?? randomUUID()
    if (ifMatch !== undefined) h['if-match'] = typeof ifMatch === 'number' ? `"v${ifMatch}"` : ifMatch
    let bytes = null
    if (body !== undefined && body !== null) {
      const raw = Buffer.isBuffer(body) || typeof body === 'string'
      bytes = Buffer.from(raw ? body : JSON.stringify(body))
      h['content-type'] = type ?? (raw ? 'text/csv' : 'application/json')
    }
    if (bytes || method !== 'GET') h['content-length'] = bytes ? bytes.length : 0
    return { method, target, headers: { ...h, ...headers }, bytes }
  }

  /** Rejects only when no whole answer came: the outcome is then unknown, and `p` may be sent again. */
  send(p, { timeout = 60_000 } = {}) {
    return new Promise((resolve, reject) => {
      const request = http.request({ host: '127.0.0.1', port: this.server.port, method: p.method, path: p.target, headers: p.headers, agent: this.agent, timeout }, (response) => {
        const parts = []
        response.on('data', (d) => parts.push(d))
        response.on('error', reject)
        response.on('aborted', () => reject(new Error('the answer was cut')))
        response.on('end', () => {
          if (!response.complete) return reject(new Error('the answer was cut'))
          const bytes = Buffer.concat(parts)
          const answer = { method: p.method, path: p.target, status: response.statusCode, headers: response.headers, bytes, text: bytes.toString('utf8'), body: null }
          if (/json/.test(response.headers['content-type'] ?? '')) answer.body = JSON.parse(answer.text)
          this.server.heard?.(p, answer, this)
          resolve(answer)
        })
      })
      request.on('error', reject)
      request.on('timeout', () => request.destroy(new Error('no answer in time')))
      request.end(p.bytes ?? undefined)
    })
  }

  request(method, where, body, options) { return this.send(this.prepare(method, where, body, options), options) }
  get(where, options) { return this.request('GET', where, undefined, options) }
  post(where, body = {}, options) { return this.request('POST', where, body, options) }
  put(where, body, options) { return this.request('PUT', where, body, options) }
  patch(where, body = {}, options) { return this.request('PATCH', where, body, options) }
  del(where, options) { return this.request('DELETE', where, undefined, options) }

  /** All rows of a list, page after page. */
  async all(where, { limit = 100, query = {} } = {}) {
    const items = []
    let cursor
    do {
      const page = ok(await this.get(where, { query: { ...query, limit, ...(cursor ? { cursor } : {}) } }))
      items.push(...page.items)
      cursor = page.next
    } while (cursor)
    return items
  }

  async signIn(name, password, code) {
    const answer = await this.post('/session', { org: this.code, name, password, ...(code ? { totp: code } : {}) })
    if (answer.status === 200) this.signedIn(answer)
    return answer
  }

  signedIn(answer) {
    const cookie = [answer.headers['set-cookie'] ?? []].flat().find((c) => c.startsWith('qibing='))
    assert.ok(cookie, 'a sign-in sets the cookie')
    this.cookie = /^qibing=([^;]*)/.exec(cookie)[1]
    this.me = answer.body
    this.csrf = answer.body.csrf
  }

  /** Waits until a job has ended; its row. */
  async job(id, { status = 'done', within = 120_000 } = {}) {
    const end = Date.now() + within
    for (;;) {
      const job = ok(await this.get(`/jobs/${id}`))
      if (!['queued', 'running'].includes(job.status)) {
        if (status) assert.equal(job.status, status, `job ${job.kind}: ${JSON.stringify(job)}`)
        return job
      }
      assert.ok(Date.now() < end, `job ${job.kind} is still ${job.status}: ${JSON.stringify(job)}`)
      await pause(50)
    }
  }
}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** A company behind a running server. See the head of the file. */
export class Company {
  constructor({ code, name, folder, database, options }) {
    Object.assign(this, { code, name, folder, database, options })
    this.agent = new http.Agent({ keepAlive: true, maxSockets: 256 })
    this.where = ['--data', folder, ...(database ? ['--database', database.url] : [])]
    this.clockFile = path.join(folder, '..', 'clock-' + path.basename(folder))
    this.passwords = {} /* as printed by `org add`, by company */
    this.expectedEnd = false
    this.log = ''
    this.out = ''
    this.child = null
    this.heard = options.heard ?? null
  }

  /** A command of the program on this data folder. Those that write want the server stopped. */
  cli(...args) {
    const words = typeof args.at(-1) === 'object' ? args.pop() : {}
    return run([...args, ...this.where], words)
  }

  async add(code, name = code, playbook = this.options.playbook) {
    const r = await this.cli('org', 'add', code, name, ...(playbook ? ['--playbook', playbook] : []), ...(this.options.org ?? []))
    assert.equal(r.code, 0, `org add ${code}: ${r.err}`)
    const password = /^password\s+(\S+)$/m.exec(r.out)
    assert.ok(password, `org add prints the password once: ${r.out}`)
    this.passwords[code] = password[1]
    return password[1]
  }

  async start() {
    const env = { ...process.env, ...this.options.env }
    if (this.options.clock) {
      if (!fs.existsSync(this.clockFile)) this.clock(this.options.clock)
      env.QIBING_CLOCK_FILE = this.clockFile
    }
    const begun = process.hrtime.bigint()
    const child = spawn(program, ['serve', ...this.where, '--listen', '127.0.0.1:0', ...(this.options.serve ?? [])], { stdio: ['ignore', 'pipe', 'pipe'], env })
    this.child = child
    this.expectedEnd = false
    child.ended = once(child, 'exit')
    child.stderr.on('data', (d) => (this.log += d))
    this.port = await new Promise((resolve, reject) => {
      let out = ''
      child.stdout.on('data', (d) => {
        out += d
        this.out += d
        const m = /serves https?:\/\/\S+?:(\d+)\//.exec(out)
        if (m) resolve(Number(m[1]))
      })
      child.on('error', reject)
      child.on('exit', (code, signal) => reject(new Error(`the server ended (${code ?? signal}): ${this.log.slice(-2000)}`)))
    })
    this.pid = child.pid
    this.url = `http://127.0.0.1:${this.port}`
    this.startMs = Number(process.hrtime.bigint() - begun) / 1e6
    return this
  }

  get running() { return this.child && this.child.exitCode === null && this.child.signalCode === null }

  async stop() {
    if (!this.child) return
    const child = this.child
    this.expectedEnd = true
    if (this.running) child.kill('SIGTERM')
    await child.ended
    this.child = null
    this.agent.destroy()
    this.agent = new http.Agent({ keepAlive: true, maxSockets: 256 })
    assert.equal(child.exitCode, 0, `the server ended with ${child.exitCode ?? child.signalCode}: ${this.log.slice(-3000)}`)
  }

  /** As a power cut does to the process: no chance to clean up. */
  async kill() {
    const child = this.child
    this.expectedEnd = true
    child.kill('SIGKILL')
    await child.ended
    this.child = null
    this.agent.destroy()
    this.agent = new http.Agent({ keepAlive: true, maxSockets: 256 })
  }

  async restart() {
    await this.stop()
    return this.start()
  }

  /** What the server takes for now; needs the option `clock` (a first time). */
  clock(time) {
    fs.writeFileSync(this.clockFile + '.new', new Date(time).toISOString() + '\n')
    fs.renameSync(this.clockFile + '.new', this.clockFile)
  }

  client(code = this.code) {
    const client = new Client(this, { code })
    Object.defineProperty(client, 'agent', { get: () => this.agent })
    return client
  }

  async signIn(name, password = PASSWORD, code = this.code, second) {
    const client = this.client(code)
    ok(await client.signIn(name, password, second))
    return client
  }

  /** The administrator, with the printed password replaced as the first sign-in demands. */
  async first(code = this.code) {
    const client = await this.signIn('admin', this.passwords[code], code)
    ok(await client.post('/me/password', { old: this.passwords[code], password: PASSWORD }))
    return this.signIn('admin', PASSWORD, code)
  }

  /**
   * Makes a login and signs it in. `permissions` {name: reach} makes a role of its own; `role` takes
   * one that is there; `person` and `unit` are ids.
   */
  async login(name, { permissions, role, person, unit, admin = this.admin } = {}) {
    const login = ok(await admin.post('/logins', { name, ...(person ? { person } : {}) }))
    if (permissions) {
      const made = ok(await admin.post('/roles', { code: 'r-' + name, name: 'r-' + name, permissions }))
      await this.grant(login.id, made.id, unit, admin)
    }
    if (role) {
      const found = ok(await admin.get('/roles', { query: { code: role } })).items
      assert.equal(found.length, 1, `there is a role ${role}`)
      await this.grant(login.id, found[0].id, unit, admin)
    }
    ok(await admin.post(`/logins/${login.id}/password`, { password: 'chu-ci-deng-lu-99' }))
    const early = await this.signIn(name, 'chu-ci-deng-lu-99', admin.code)
    ok(await early.post('/me/password', { old: 'chu-ci-deng-lu-99', password: PASSWORD }))
    const client = await this.signIn(name, PASSWORD, admin.code)
    client.login = login
    return client
  }

  async grant(login, role, unit, admin = this.admin) {
    const today = new Date(Date.now() - 3 * 86_400_000).toISOString().slice(0, 10)
    const from = this.options.clock ? '2020-01-01' : today
    return ok(await admin.post('/role-grants', { login, role, from_on: from, ...(unit ? { unit } : {}) }))
  }

  /** Rows of a query on the database itself, beside the server: arrays of texts. */
  sql(text) {
    const out = this.database
      ? psql(this.database.name, text)
      : execFileSync('sqlite3', ['-readonly', '-batch', '-separator', '|', path.join(this.folder, 'qibing.db'), text], { encoding: 'utf8', maxBuffer: 1 << 28, timeout: 60_000 }).trim()
    return out === '' ? [] : out.split('\n').map((line) => line.split('|'))
  }

  /** Changes the database behind the server's back: how tampering is done. */
  tamper(text) {
    if (this.database) return psql(this.database.name, text)
    return execFileSync('sqlite3', ['-batch', path.join(this.folder, 'qibing.db'), text], { encoding: 'utf8', timeout: 60_000 })
  }
}

/**
 * options: code, name, playbook, more: [codes of further companies], clock: first time (later than the real one:
 * `org add` runs in real time), serve: more
 * words for `serve`, env, heard(request, answer, client): hears every answer, empty: true leaves the
 * administrator's first sign-in to the story (c.passwords).
 */
export async function company(t, options = {}) {
  const folder = path.join(temporary(t), 'data')
  const c = new Company({ code: options.code ?? 'alpha', name: options.name ?? '甲公司', folder, database: freshDatabase(t), options })
  await c.add(c.code, c.name)
  for (const code of options.more ?? []) await c.add(code)
  t.after(async () => {
    const early = c.child && !c.running && !c.expectedEnd
    const fate = early ? `${c.child.exitCode ?? c.child.signalCode}` : ''
    if (early) c.child = null
    await c.stop()
    c.agent.destroy()
    assert.ok(!early, `the server ended by itself (${fate}): ${c.log.slice(-3000)}`)
    assert.doesNotMatch(c.log, /ERROR: (Address|Leak|Thread)Sanitizer|runtime error:/)
  })
  await c.start()
  if (!options.empty) {
    c.admin = await c.first()
    for (const code of options.more ?? []) c[code] = await c.first(code)
  }
  return c
}

export * from './world.js'
