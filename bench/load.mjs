// load.mjs start FOLDER | post_order | read_statement - what bench/run.sh measures on a running server.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { ROLES, build_business, build, company, ok, program, world } from '../tests/stories/kit.js'

const seconds = Number(process.env.SECONDS_EACH ?? 8)
const rounds = Number(process.env.ROUNDS ?? 3)
const folder = fs.mkdtempSync(path.join(process.env.WORK ?? os.tmpdir(), 'qibing-bench-'))
const afters = [() => fs.rmSync(folder, { recursive: true, force: true })]
const t = { after: (f) => afters.push(f) }
const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1]

function wrk(url, script, { connections = 64, headers = {} } = {}) {
  const words = ['-t2', `-c${connections}`, `-d${seconds}s`, '--latency', '--timeout', '10s', ...Object.entries(headers).flatMap(([k, v]) => ['-H', `${k}: ${v}`])]
  if (script) {
    fs.writeFileSync(path.join(folder, 'load.lua'), script)
    words.push('-s', path.join(folder, 'load.lua'))
  }
  const out = execFileSync('wrk', [...words, url], { encoding: 'utf8', timeout: (seconds + 30) * 1000 })
  const number = (text, unit) => parseFloat(text) * ({ us: 1e-3, ms: 1, s: 1000 }[unit] ?? 1)
  const at = (p) => {
    const m = new RegExp(`^\\s+${p}%\\s+([\\d.]+)(us|ms|s)`, 'm').exec(out)
    return m ? number(m[1], m[2]) : NaN
  }
  const bad = /Non-2xx or 3xx responses: (\d+)/.exec(out)
  const errors = /Socket errors: (.*)/.exec(out)
  return { rate: parseFloat(/Requests\/sec:\s+([\d.]+)/.exec(out)[1]), count: Number(/(\d+) requests in/.exec(out)[1]), p50: at(50), p99: at(99), bad: bad ? Number(bad[1]) : 0, errors: errors?.[1] }
}

// User and system time of a process in µs.
function cpu(pid) {
  const f = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
  return (Number(f[11]) + Number(f[12])) * 10_000
}

async function metrics(c) {
  const text = (await c.client().get('//metrics')).text
  return (name) => Number(new RegExp(`^${name} (\\d+)`, 'm').exec(text)?.[1] ?? NaN)
}

async function program_token(c) {
  const me = ok(await c.admin.get('/me'))
  return ok(await c.admin.post('/api-tokens/issue', { login: me.login.id, name: 'bench' })).token
}

async function post_order() {
  const c = await company(t)
  const w = await world(c, { secrets: false })
  const token = await program_token(c)
  const body = JSON.stringify({ promoter: w.person.li, customer: w.customer.c2, items: [{ product: w.product.tea, quantity: 2 }, { product: w.product.cup, quantity: 1 }] })
  await c.stop()
  for (const name of ['record', 'replay']) fs.cpSync(c.folder, path.join(folder, name), { recursive: true })
  await c.start()
  const lua = `
local thread = 0
function setup(t) t:set("id", thread); thread = thread + 1 end
function init() n = 0; base = string.format("%d-%d-%d", os.time(), id, math.floor((os.clock() * 1e9) % 1e9)) end
function request()
  n = n + 1
  return wrk.format("POST", "/api/v1/orders/post", { ["Authorization"] = "Bearer ${token}", ["Content-Type"] = "application/json", ["Idempotency-Key"] = base .. "-" .. n }, '${body}')
end`
  const runs = []
  for (let i = 0; i < rounds; i++) {
    const m0 = await metrics(c)
    const before = cpu(c.pid)
    const r = wrk(c.url, lua)
    const used = cpu(c.pid) - before
    const m1 = await metrics(c)
    const commits = m1('qibing_db_commits_total') - m0('qibing_db_commits_total')
    const group = (m1('qibing_db_commands_total') - m0('qibing_db_commands_total')) / commits
    // The yardstick right after, on the same disk, on a copy of the same database.
    for (const name of ['record', 'replay']) {
      fs.rmSync(path.join(folder, name + i), { recursive: true, force: true })
      fs.cpSync(path.join(folder, name), path.join(folder, name + i), { recursive: true })
    }
    const out = execFileSync(path.join(build, 'raw_commit'), [path.join(folder, 'record' + i), path.join(folder, 'replay' + i, 'qibing.db'), token, body, String(Math.max(1, Math.round(group))), '8192'], { encoding: 'utf8', timeout: 120_000 })
    const raw = Number(/raw (\d+)/.exec(out)[1])
    for (const name of ['record', 'replay']) fs.rmSync(path.join(folder, name + i), { recursive: true, force: true })
    runs.push({ ...r, raw, ratio: r.rate / raw })
    console.log(`post_order: ${r.rate.toFixed(0)} orders/s durable over HTTP, 64 clients, p50 ${r.p50.toFixed(1)} ms, p99 ${r.p99.toFixed(1)} ms, ${(used / r.count).toFixed(0)} µs CPU an order, groups of ${group.toFixed(1)}${r.bad ? `, ${r.bad} REFUSED` : ''}${r.errors ? ', ' + r.errors : ''}; ${out.trim()}; ratio ${(100 * r.rate / raw).toFixed(0)} %`)
  }
  console.log(`post_order: median ${median(runs.map((r) => r.rate)).toFixed(0)} orders/s, ratio ${(100 * median(runs.map((r) => r.ratio))).toFixed(0)} % of raw group commit (goal 60 %)`)
  return runs.every((r) => r.bad === 0)
}

async function read_statement() {
  const c = await company(t)
  const w = await world(c, { secrets: false })
  await build_business(c, c.admin, w)
  const token = await program_token(c)
  const statement = (await c.admin.all('/statements'))[0]
  const probe = spawn(path.join(build, 'http-probe-server'), [], { stdio: ['ignore', 'pipe', 'inherit'] })
  afters.push(async () => {
    probe.kill('SIGTERM')
    await once(probe, 'exit').catch(() => {})
  })
  const [line] = await once(probe.stdout, 'data')
  const port = /listening (\d+)/.exec(line.toString())[1]
  const ratios = []
  for (let i = 0; i < rounds; i++) {
    const before = cpu(c.pid)
    const r = wrk(`${c.url}/api/v1/statements/${statement.id}`, null, { headers: { Authorization: `Bearer ${token}` } })
    const used = cpu(c.pid) - before
    const hello = wrk(`http://127.0.0.1:${port}/hello`)
    ratios.push(r.rate / hello.rate)
    console.log(`read_statement: ${r.rate.toFixed(0)}/s, p99 ${r.p99.toFixed(1)} ms, ${(used / r.count).toFixed(0)} µs CPU each${r.bad ? `, ${r.bad} REFUSED` : ''}; hello-world ${hello.rate.toFixed(0)}/s; ratio ${(100 * r.rate / hello.rate).toFixed(0)} %`)
  }
  console.log(`read_statement: median ratio ${(100 * median(ratios)).toFixed(0)} % (aim 50 %)`)
  return true
}

async function start() {
  const data = process.argv[3]
  const times = []
  for (let i = 0; i < 7; i++) {
    const begun = process.hrtime.bigint()
    const child = spawn(program, ['serve', '--data', data, '--listen', '127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'ignore'] })
    await once(child.stdout, 'data')
    times.push(Number(process.hrtime.bigint() - begun) / 1e6)
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
  console.log(`start: ready in ${median(times).toFixed(0)} ms (median of 7, longest ${Math.max(...times).toFixed(0)} ms; aim under 100 ms) on ${fs.statSync(path.join(data, 'qibing.db')).size >> 20} MB`)
  return true
}

let good = false
try {
  good = await { post_order, read_statement, start }[process.argv[2]]()
} catch (error) {
  console.error(error.stack)
}
for (const f of afters.reverse()) await f()
process.exit(good ? 0 : 1)
