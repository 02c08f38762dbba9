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

/**
 * A small sales force: head office, two regions, three squads, people with customers, products with
 * prices. Ids by name: world.unit.s1, world.person.zhang, world.product.tea, world.customer.c1.
 */
export async function world(c, { admin = c.admin, prefix = '', mark = '', secrets = true } = {}) {
  const w = { unit: {}, person: {}, product: {}, price: {}, customer: {} }
  const post = async (where, body) => ok(await admin.post(where, body))
  const unit = async (key, parent, level, name) => {
    const row = await post('/units', { code: `${prefix}t-${key}`, name: mark + name, level, ...(parent ? { parent: w.unit[parent] } : {}), kind: level === 'execution' ? 'squad' : level === 'middle' ? 'region' : 'company' })
    w.unit[key] = row.id
  }
  await unit('hq', null, 'core', '总部')
  await unit('r1', 'hq', 'middle', '华东区')
  await unit('r2', 'hq', 'middle', '华南区')
  await unit('s1', 'r1', 'execution', '一小组')
  await unit('s2', 'r1', 'execution', '二小组')
  await unit('s3', 'r2', 'execution', '三小组')
  const person = async (key, where, name, leader, n) => {
    const row = await post('/people', {
      number: `${prefix}P${n}`, name: mark + name, unit: w.unit[where], joined_on: '2026-01-05', kind: 'part_time',
      ...(leader ? { leader: w.person[leader] } : {}),
      ...(secrets ? { phone: `1390000${1000 + n}`, id_number: `31010119900101${1000 + n}`, bank_card: `622202100000000${1000 + n}` } : {}),
    })
    w.person[key] = row.id
  }
  await person('wang', 'r1', '王主管', null, 1)
  await person('zhang', 's1', '张晓明', 'wang', 2)
  await person('li', 's1', '李思', 'wang', 3)
  await person('zhao', 's2', '赵武', 'wang', 4)
  await person('chen', 's3', '陈柳', null, 5)
  for (const [key, name, price, spiff] of [['tea', '绿茶礼盒', '128.5000', 500], ['cup', '马克杯', '19.9900', 0], ['box', '收纳箱', '0.0050', 0]]) {
    w.product[key] = (await post('/products', { code: `${prefix}K-${key}`, name: mark + name, category: '日用', spiff_fen: spiff })).id
    w.price[key] = (await post('/prices', { product: w.product[key], from_on: '2026-01-01', unit_price: price })).id
  }
  for (const [key, promoter, n] of [['c1', 'zhang', 1], ['c2', 'li', 2], ['c3', 'zhao', 3], ['c4', 'chen', 4]])
    w.customer[key] = (await post('/customers', { number: `${prefix}C${n}`, name: `${mark}客户${n}`, promoter: w.person[promoter], region: '上海', ...(secrets ? { phone: `1380000${2000 + n}` } : {}) })).id
  return w
}

/** Permissions of the usual roles, for c.login(). */
export const ROLES = {
  promoter: { 'order.read': 'own', 'order.post': 'own', 'customer.read': 'own', 'customer.manage': 'own', 'product.read': 'org', 'statement.read': 'own', 'earnings.read': 'own', 'activity.read': 'own', 'activity.record': 'own' },
  supervisor: { 'order.read': 'squad', 'order.post': 'squad', 'customer.read': 'squad', 'person.read': 'squad', 'org.read': 'org', 'product.read': 'org', 'statement.read': 'squad' },
  finance: { 'order.read': 'org', 'order.post': 'org', 'order.collect': 'org', 'order.refund': 'org', 'period.read': 'org', 'period.calculate': 'org', 'period.lock': 'org', 'statement.read': 'org', 'payout.read': 'org', 'plan.read': 'org', 'job.read': 'org' },
  chief: { 'period.read': 'org', 'period.approve': 'org', 'period.unlock': 'org', 'statement.read': 'org', 'overview.read': 'org', 'job.read': 'org' },
}

const text = (zh, en) => ({ title: { zh, en }, text: { zh, en } })
const formula = (name, on, purpose, expression, rounding = 'none') => ({ name, on, kind: 'formula', purpose, rounding, ...text(name, name), formula: expression })
const sum = (name, purpose, from, by, value) => ({ name, on: 'people', kind: 'sum', purpose, rounding: 'none', ...text(name, name), from, by, value })

/**
 * A pay plan over the facts of a company, small enough to be calculated again by hand:
 * 10 % of what was paid and not given back, per line, rounded half up; a lead pays 2.00, a visit 0.80
 * (20 a day); 5 % of a member's own commission goes to the leader; above 800.00 20 % tax on the rest.
 */
export const PLAN = JSON.stringify({
  plan: 'story', title: { zh: '故事', en: 'Story' }, effective: { from: '2020-01-01' },
  limits: { max_levels: 1 }, person: 'people', result: 'net_fen',
  tables: [
    { name: 'people', facts: 'person', key: 'id', columns: [{ name: 'id', header: 'promoter_id', type: 'integer', min: 1 }, { name: 'boss', header: 'parent_id', type: 'ref', to: 'people', none: 0 }] },
    { name: 'sold', facts: 'order_line', key: 'line', columns: [
      { name: 'line', header: 'order_id', type: 'integer', min: 1 }, { name: 'who', header: 'promoter_id', type: 'ref', to: 'people' },
      { name: 'amount_fen', type: 'money', min: 0 }, { name: 'paid_bp', type: 'integer', unit: 'bp', min: 0, max: 10000 },
      { name: 'sold_at', header: 'order_time', type: 'time' }, { name: 'refund_fen', type: 'money', min: 0 }] },
    { name: 'done', facts: 'activity', columns: [
      { name: 'who', header: 'promoter_id', type: 'ref', to: 'people' }, { name: 'kind', type: 'integer', min: 1, max: 9 },
      { name: 'at', header: 'event_time', type: 'time' }, { name: 'valid', type: 'bool' }] },
  ],
  components: [
    formula('base_fen', 'sold', 'measure', 'max(div(amount_fen * paid_bp, 10000, 0, half_up) - refund_fen, 0)', 'half_up'),
    formula('line_fen', 'sold', 'earning', 'div(base_fen * 10, 100, 0, half_up)', 'half_up'),
    { name: 'orders', on: 'people', kind: 'count', purpose: 'measure', rounding: 'none', ...text('行数', 'lines'), from: 'sold', by: 'who' },
    sum('base_sum_fen', 'measure', 'sold', 'who', 'base_fen'),
    sum('own_fen', 'earning', 'sold', 'who', 'line_fen'),
    { name: 'process_fen', on: 'people', kind: 'daily', purpose: 'award', rounding: 'none', ...text('过程', 'process'), from: 'done', by: 'who', day: 'at',
      counts: [{ where: 'valid and kind = 1', at_most: 20, each: 200 }, { where: 'valid and kind = 2', at_most: 20, each: 80 }] },
    { name: 'team_fen', on: 'people', kind: 'override', purpose: 'share', rounding: 'half_up', ...text('团队', 'team'), amount: 'own_fen', tree: 'boss', levels: [{ rate: 5, per: 100 }] },
    formula('gross_fen', 'people', 'earning', 'own_fen + process_fen + team_fen'),
    formula('payable_fen', 'people', 'cap', 'gross_fen'),
    formula('tax_fen', 'people', 'tax', 'div(max(payable_fen - 80000, 0) * 20, 100, 0, half_up)', 'half_up'),
    formula('net_fen', 'people', 'net', 'payable_fen - tax_fen'),
  ],
  outputs: [
    { file: 'lines.csv', table: 'sold', order: 'key', columns: ['line', 'line_fen'] },
    { file: 'statement.csv', table: 'people', order: 'key', columns: ['id', 'own_fen', 'process_fen', 'team_fen', 'tax_fen'] },
  ],
})

export async function publish(admin, { code = 'story', body = PLAN, from = '2020-01-01' } = {}) {
  return ok(await admin.post('/plans', { code, name: '故事', name_en: 'Story', effective_from: from, body }))
}

/** The period of a month: its row, made when it is not there. */
export async function period(client, month) {
  const found = ok(await client.get('/periods')).items.find((p) => p.month === month)
  return found ?? ok(await client.post('/periods', { month }))
}

/** Calculates a period and waits for its job. */
export async function calculate(client, id, options) {
  const begun = ok(await client.post(`/periods/${id}/calculate`, {}), 202)
  await client.job(begun.job ?? begun.id, options)
  return ok(await client.get(`/periods/${id}`))
}

/** Stores a small file by the resumable upload; its id. */
export async function upload(client, name, type, bytes) {
  const begun = ok(await client.post('/uploads', { name, type, bytes: bytes.length }))
  ok(await client.put(`/uploads/${begun.id}`, bytes, { type: 'application/octet-stream', query: { offset: '0' } }))
  return { upload: begun.id, ...ok(await client.post(`/uploads/${begun.id}/finish`, {})) }
}

/** At least one row of everything: orders, money, refunds, activities, a file, a locked month. */
export async function build_business(c, admin, w, { mark = '', far = '' } = {}) {
  const post = async (where, body) => ok(await admin.post(where, body))
  const now = new Date(c.options.clock ?? Date.now())
  const at = new Date(now.getTime() - 60_000).toISOString()
  const orders = []
  for (const [who, customer, label] of [['zhang', 'c1', ''], ['li', 'c2', ''], ['zhao', 'c3', far], ['chen', 'c4', far]]) {
    const order = await post('/orders/post', { order_no: `${mark}${label}O-${who}`, promoter: w.person[who], customer: w.customer[customer], ordered_at: at, items: [{ product: w.product.tea, quantity: 2 }, { product: w.product.cup, quantity: 1 }] })
    await post(`/orders/${order.order}/collect`, { amount_fen: order.amount_fen, method: mark + '现金' })
    const lines = ok(await admin.get('/order-lines', { query: { sales_order: order.order } })).items
    await post(`/orders/${order.order}/refund`, { line: lines[0].id, quantity: 1, amount_fen: 100, reason: `${mark}${label}换货` })
    await post('/activities/record', { promoter: w.person[who], customer: w.customer[customer], kind: 'visit', happened_at: at, note: `${mark}${label}上门` })
    orders.push(order)
  }
  await post('/calendar-days', { day: '2026-10-01', kind: 'holiday', name: mark + '国庆' })
  await upload(admin, mark + '说明.txt', 'text/plain', Buffer.from('正文 ' + mark))
  await publish(admin)
  const local = new Date(now.getTime() - 60_000 + 8 * 3_600_000).toISOString().slice(0, 7)
  const month = await calculate(admin, (await period(admin, local)).id)
  const second = await c.login(`${mark}second`, { permissions: { 'period.approve': 'org', 'period.read': 'org', 'period.lock': 'org' }, admin })
  const approved = ok(await second.post(`/periods/${month.id}/approve`, { version: month.version }))
  ok(await second.post(`/periods/${month.id}/lock`, { version: approved.version }))
  const login = ok(await admin.get('/me')).login
  await post('/api-tokens/issue', { login: login.id, name: mark + 'ERP' })
  return { orders, period: month.id }
}
