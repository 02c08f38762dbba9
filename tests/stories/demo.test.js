// The demo company: real orders against totals worked out here, the same bytes for the same seed.
import { test } from 'node:test'
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import zlib from 'node:zlib'
import { Company, ok, refused, root, run, temporary } from './kit.js'

const orders = path.join(root, 'demo/orders')
const WEEKS = 804

// Quoted commas and doubled quotes; no cell of the file holds a line break.
function cellsOf(line) {
  const cells = []
  for (let at = 0; at <= line.length;) {
    if (line[at] === '"') {
      let text = ''
      for (at++; line[at] !== '"' || line[at + 1] === '"'; at++) {
        if (line[at] === '"') at++
        text += line[at]
      }
      cells.push(text)
      at += 2
    } else {
      const end = line.indexOf(',', at)
      cells.push(line.slice(at, end < 0 ? line.length : end))
      at = end < 0 ? line.length + 1 : end + 1
    }
  }
  return cells
}

// By other means than the program's: whole numbers of 10^-4 yuan, rounded half away from zero.
function fenOf(quantity, price) {
  const [whole, part = ''] = price.split('.')
  assert.ok(part.replace(/0+$/, '').length <= 4, price)
  const units = BigInt(whole + part.padEnd(4, '0').slice(0, 4)) * BigInt(quantity)
  const size = units < 0n ? -units : units
  const fen = (size + 50n) / 100n
  return Number(units < 0n ? -fen : fen)
}

function expected() {
  const months = new Map()
  for (const name of fs.readdirSync(orders).filter((n) => n.endsWith('.csv.gz')).sort()) {
    const text = zlib.gunzipSync(fs.readFileSync(path.join(orders, name))).toString('utf8')
    for (const line of text.split('\n').slice(1).filter(Boolean)) {
      const [no, , , quantity, at, price, customer] = cellsOf(line)
      const day = new Date(Date.parse(at.slice(0, 10) + 'T00:00:00Z') + WEEKS * 7 * 86_400_000)
      const month = day.toISOString().slice(0, 7)
      if (!months.has(month)) months.set(month, { orders: new Set(), lines: 0, net: 0, noCustomer: 0, zero: 0 })
      const m = months.get(month)
      m.orders.add(no)
      m.lines++
      m.net += fenOf(quantity, price)
      m.noCustomer += customer === ''
      m.zero += Number(price) === 0
    }
  }
  return [...months].map(([month, m]) => [month, m.orders.size, m.lines, m.net, [...m.orders].filter((o) => o.startsWith('C')).length, m.noCustomer, m.zero])
}

async function demo(t, ...words) {
  const data = path.join(temporary(t), 'data')
  const r = await run(['demo', '--data', data, '--orders', orders, ...words], { timeout: 300_000 })
  assert.equal(r.code, 0, r.err)
  return { data, out: r.out }
}

async function dump(data) {
  const file = data + '.zip'
  const r = await run(['backup', file, '--data', data])
  assert.equal(r.code, 0, r.err)
  const bytes = execFileSync('python3', ['-c', 'import sys, zipfile\nsys.stdout.buffer.write(zipfile.ZipFile(sys.argv[1]).read("dump"))', file], { maxBuffer: 1 << 30 })
  fs.rmSync(file)
  return bytes
}

test('demo: the whole file, settled: control totals to the fen, a clean check, four logins that work', async (t) => {
  const { data, out } = await demo(t)
  const table = out.split('\n').filter((l) => /^(\d{4}-\d{2}|total) /.test(l)).map((l) => l.trim().split(/\s+/))
  const want = expected()
  assert.deepEqual(table.slice(0, -1).map((row) => row.slice(0, 7)), want.map((row) => row.map(String)))
  const sum = (i) => want.reduce((a, row) => a + row[i], 0)
  assert.deepEqual(table.at(-1).slice(1, 7).map(Number), [1, 2, 3, 4, 5, 6].map(sum))
  assert.deepEqual(table.at(-1).slice(1, 7).map(Number), [10783, 209029, 370682764, 1677, 59976, 1292]) // as published
  t.diagnostic(/made in [\d.]+ s/.exec(out)[0])

  const check = await run(['check', '--data', data])
  assert.equal(check.code, 0, check.out)

  const c = new Company({ code: 'demo', name: 'demo', folder: data, database: null, options: { clock: '2026-11-02T01:05:00Z' } })
  t.after(() => c.stop())
  await c.start()
  const [unmatched] = c.sql("SELECT count(*) FROM refund WHERE match = 'unmatched'")[0]
  assert.equal(table.at(-1)[7], unmatched)
  assert.deepEqual(c.sql('SELECT sum(l.amount) FROM order_line l JOIN sales_order o ON o.id = l.sales_order_id WHERE o.source = \'import\''), [[String(sum(3))]])

  const printed = JSON.parse(fs.readFileSync(path.join(data, 'demo.json'), 'utf8'))
  for (const login of printed.logins) assert.ok(c.out.includes(login.name) && c.out.includes(login.password), 'serve prints the logins')
  const as = {}
  for (const { name, password } of printed.logins) as[name] = await c.signIn(name, password)
  assert.deepEqual(Object.keys(as), ['hq', 'finance', 'supervisor', 'promoter', 'admin'])

  const periods = ok(await as.finance.get('/periods')).items
  for (const month of ['2026-09', '2026-10']) {
    const p = periods.find((each) => each.month === month)
    assert.equal(p.state, 'locked')
    assert.notEqual(p.calculated_by.id, p.approved_by.id, 'two people')
    assert.ok(p.totals.net_fen > 0)
  }
  assert.equal(periods.find((p) => p.month === '2026-11').state, 'open')
  const mine = ok(await as.promoter.get('/statements', { query: { person: 'me' } })).items
  assert.deepEqual(mine.map((s) => [s.period, s.state]), [['2026-10', 'locked'], ['2026-09', 'locked']])
  assert.ok(mine.every((s) => s.net_fen > 0))
  const earnings = ok(await as.promoter.get('/me/earnings'))
  assert.equal(earnings.today.date, '2026-11-02')
  assert.ok(earnings.today.orders > 0, 'something was sold today')
  assert.equal((await as.promoter.get(`/statements/${mine[0].id}/zip`)).status, 200)
  const squad = ok(await as.supervisor.get('/people', { query: { limit: 100 } })).items
  assert.ok(squad.length > 10 && squad.length < 30, `the supervisor sees a region: ${squad.length}`)
  refused(await as.promoter.get('/overview?period=2026-10'), 403)
})

test('demo: the same seed gives the same bytes, another seed another company', async (t) => {
  const hashes = []
  const keys = []
  for (const seed of ['7', '7', '8']) {
    const { data } = await demo(t, '--months', '1', '--seed', seed)
    hashes.push(createHash('sha256').update(await dump(data)).digest('hex'))
    keys.push(fs.readdirSync(path.join(data, 'keys')).sort().map((f) => f + fs.readFileSync(path.join(data, 'keys', f)).toString('hex')).join())
  }
  assert.equal(hashes[0], hashes[1])
  assert.equal(keys[0], keys[1])
  assert.notEqual(hashes[0], hashes[2])
})

test('demo: a folder in use, a wrong number, a damaged file: one clear line', async (t) => {
  const data = path.join(temporary(t), 'data')
  fs.mkdirSync(path.join(data, 'keys'), { recursive: true })
  fs.writeFileSync(path.join(data, 'keys/master.key'), 'somebody lives here')
  const inUse = await run(['demo', '--data', data, '--orders', orders])
  assert.equal(inUse.code, 1)
  assert.match(inUse.err, /in use already/)
  assert.equal((await run(['demo', '--months', '8'])).code, 2)
  assert.equal((await run(['demo', '--seed', 'x'])).code, 2)

  const folder = temporary(t)
  const attempt = async (text, pattern) => {
    fs.writeFileSync(path.join(folder, 'x.csv.gz'), text)
    const r = await run(['demo', '--data', path.join(folder, 'data'), '--orders', folder])
    assert.equal(r.code, 1)
    assert.match(r.err, pattern)
    assert.equal(r.err.trimEnd().split('\n').length, 1)
    assert.equal(fs.existsSync(path.join(folder, 'data')), false, 'nothing was made')
  }
  const header = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n'
  await attempt(zlib.gzipSync('a,b\n1,2\n'), /column 1 is not InvoiceNo/)
  await attempt(zlib.gzipSync(header + '1,A,B,2,yesterday,1,7,UK\n'), /x\.csv\.gz:2: InvoiceDate/)
  await attempt(fs.readFileSync(path.join(orders, '2011-02.csv.gz')).subarray(0, 9000), /damaged/)
})
