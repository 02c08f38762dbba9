// `qibing settle`: the batch command on real files. Runs without a server: QIBING=path/to/qibing.
import { test } from 'node:test'
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..')
const program = process.env.QIBING ?? path.join(root, 'build/qibing')
const monthFolder = path.join(root, 'examples/settle-month')
const squadsFolder = path.join(root, 'examples/squads')
const shared = path.resolve(root, '../shared/bench/settle')

function settle(...args) {
  return spawnSync(program, ['settle', ...args], { encoding: 'utf8', timeout: 120000, maxBuffer: 1 << 28 })
}

// A copy of an example in a folder of its own, to be spoilt.
function copy(t, example) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'qibing-settle-'))
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }))
  fs.cpSync(example, folder, { recursive: true })
  return {
    plan: path.join(folder, 'plan.json'), data: path.join(folder, 'data'), out: path.join(folder, 'out'),
    edit(name, change) {
      const file = path.join(folder, name)
      const before = fs.readFileSync(file, 'utf8')
      const after = change(before)
      assert.notEqual(after, before, `the change of ${name} must change something`)
      fs.writeFileSync(file, after)
    },
    run(...more) { return settle('--plan', this.plan, '--in', this.data, '--out', this.out, ...more) },
  }
}

// One clear line, exit 1, nothing written.
function refused(t, c, pattern) {
  const r = c.run()
  assert.equal(r.status, 1, r.stderr)
  assert.equal(r.stdout, '')
  assert.match(r.stderr, pattern)
  assert.equal(r.stderr.trimEnd().split('\n').length, 1, 'one line: ' + r.stderr)
  assert.equal(fs.existsSync(c.out), false, 'nothing half written')
}

const sorted = (text) => text.trimEnd().split('\n').sort()

test('settle-month: the worked example, to the fen', (t) => {
  const c = copy(t, monthFolder)
  const r = c.run()
  assert.equal(r.status, 0, r.stderr)
  for (const name of ['lines.csv', 'statements.csv'])
    assert.deepEqual(sorted(fs.readFileSync(path.join(c.out, name), 'utf8')),
                     sorted(fs.readFileSync(path.join(monthFolder, 'expected', name), 'utf8')))
})

test('squads: other names, other components, quoted and Chinese cells, BOM and CRLF', (t) => {
  const c = copy(t, squadsFolder)
  const r = c.run()
  assert.equal(r.status, 0, r.stderr)
  for (const name of ['payroll.csv', 'squads.csv'])
    assert.equal(fs.readFileSync(path.join(c.out, name), 'utf8'),
                 fs.readFileSync(path.join(squadsFolder, 'expected', name), 'utf8'))
})

test('settle-month at 10^5 orders: the published fingerprints', { timeout: 120000 }, (t) => {
  if (!fs.existsSync(path.join(shared, 'gen_settle.c')))
    return t.skip('the workload generator is not here')
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'qibing-settle-'))
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }))
  for (const tool of ['gen', 'check'])
    execFileSync('cc', ['-O2', '-o', path.join(folder, tool), path.join(shared, `${tool}_settle.c`)])
  execFileSync(path.join(folder, 'gen'), ['100000', '42', path.join(folder, 'data')])
  for (const threads of ['1', '2']) {
    const out = path.join(folder, 'out' + threads)
    const r = settle('--plan', path.join(monthFolder, 'plan.json'), '--in', path.join(folder, 'data'), '--out', out,
                     '--threads', threads)
    assert.equal(r.status, 0, r.stderr)
    const seen = execFileSync(path.join(folder, 'check'), [out], { encoding: 'utf8' })
    assert.match(seen, /lines.csv +rows 100000 fingerprint 0b9e5cac68a40eb9/)
    assert.match(seen, /statements.csv +rows 1000 fingerprint 71af3d040624656b/)
  }
})

test('threads and the order of the rows change no byte', (t) => {
  const c = copy(t, monthFolder)
  assert.equal(c.run('--threads', '1').status, 0)
  const read = () => ['lines.csv', 'statements.csv'].map((n) => fs.readFileSync(path.join(c.out, n), 'utf8'))
  const first = read()
  for (const name of ['orders.csv', 'activity.csv', 'promoters.csv', 'products.csv', 'prev_refunds.csv', 'plan_tiers.csv'])
    c.edit('data/' + name, (text) => {
      const [head, ...rows] = text.trimEnd().split('\n')
      return [head, ...rows.reverse()].join('\n') + '\n'
    })
  assert.equal(c.run('--threads', '2').status, 0)
  assert.deepEqual(read(), first)
})

test('--explain: the tree of one person, in both languages', (t) => {
  const c = copy(t, monthFolder)
  const en = settle('--plan', c.plan, '--in', c.data, '--explain', '3', '--lang', 'en')
  assert.equal(en.status, 0, en.stderr)
  assert.match(en.stdout, /^net_fen Net = 117.11$/m)
  assert.match(en.stdout, /300 x 6667 \+ 500 x 73333 = 38666600/)
  assert.match(en.stdout, /half_up: 38666600 \/ 10000 = 3867/)
  assert.match(en.stdout, /min\(22, 20\) x 200 = 4000/)
  const zh = settle('--plan', c.plan, '--in', c.data, '--explain', '1')
  assert.match(zh.stdout, /团队管理奖 = 177.26/)
  assert.match(zh.stdout, /873000 x 2 \/ 100/)
})

test('--help and usage: exit codes 0 and 2', () => {
  const help = settle('--help')
  assert.equal(help.status, 0)
  assert.match(help.stdout, /Examples:/)
  assert.equal(settle().status, 2)
  assert.equal(settle('--plan', 'x').status, 2)
  assert.equal(settle('--plan', 'x', '--in', 'y', '--out', 'z', '--threads', '0').status, 2)
  assert.equal(settle('--frobnicate').status, 2)
})

// [name, file, what is changed, what the one line says]
const bad = [
  ['a plan that is not JSON', 'plan.json', (s) => s.replace('"person":', '"person"'), /plan\.json:\d+:\d+: /],
  ['an unknown key', 'plan.json', (s) => s.replace('"person":', '"persom":'), /plan\.json:\d+:\d+: persom: this is not known/],
  ['an unknown column in a formula', 'plan.json', (s) => s.replace('payable_fen - tax_fen', 'payable_fen - tax_fem'),
    /plan\.json:\d+:\d+: components\[\d+\]\.formula: .*tax_fem/],
  ['a component without its Chinese text', 'plan.json', (s) => s.replace('"zh": "应付减预扣税。", ', ''),
    /plan\.json:\d+:\d+: components\[\d+\]\.text: the Chinese text \(zh\) is missing/],
  ['three paid levels', 'plan.json', (s) => s.replace('"max_levels": 2', '"max_levels": 3'),
    /plan\.json:\d+:\d+: limits\.max_levels: at most 2 paid levels are lawful/],
  ['two paid levels without an acknowledgement', 'plan.json',
    (s) => s.replace(/,\s*"acknowledgement": \{[^}]*\}/, ''), /limits\.acknowledgement: two paid levels need/],
  ['more levels than the plan allows', 'plan.json', (s) => s.replace('"max_levels": 2', '"max_levels": 1'),
    /components\[\d+\]\.levels: 2 levels, but limits\.max_levels is 1/],
  ['people summed along their own tree', 'plan.json',
    (s) => s.replace('"from": "prev_refunds", "by": "promoter", "value": "taken_back_fen"', '"from": "promoters", "by": "parent", "value": "own_fen"'),
    /components\[\d+\]\.from: people are not added up along their own tree/],
  ['a tier table with a gap', 'data/plan_tiers.csv', (s) => s.replace('1,3,300000,800\n', ''),
    /plan_tiers\.csv:4: tier: the tiers have a gap/],
  ['tiers that do not begin at 0', 'data/plan_tiers.csv', (s) => s.replace('1,1,0,300', '1,1,5,300'),
    /plan_tiers\.csv:2: floor_fen: the first tier must begin at 0/],
  ['tiers that overlap', 'data/plan_tiers.csv', (s) => s.replace('1,3,300000,800', '1,3,100000,800'),
    /plan_tiers\.csv:4: floor_fen: two tiers overlap/],
  ['floors that decrease', 'data/plan_tiers.csv', (s) => s.replace('1,3,300000,800', '1,3,90000,800'),
    /plan_tiers\.csv:4: floor_fen: the floors decrease/],
  ['a missing column', 'data/orders.csv', (s) => s.replace('paid_bp', 'paid'), /orders\.csv:1: paid_bp: this column is missing/],
  ['a column twice', 'data/orders.csv', (s) => s.replace('customer_id', 'paid_bp'), /orders\.csv:1: paid_bp: this column appears twice/],
  ['a bad date', 'data/orders.csv', (s) => s.replace('2025-10-05T12', '2025-02-30T12'),
    /orders\.csv:5: order_time: a time YYYY-MM-DDTHH:MM:SS is expected, not "2025-02-30T12:00:00"/],
  ['an hour 24', 'data/orders.csv', (s) => s.replace('2025-10-05T12', '2025-10-05T24'), /orders\.csv:5: order_time: there is no such time of day/],
  ['an amount with decimals where fen are wanted', 'data/orders.csv', (s) => s.replace(',80000,', ',800.00,'),
    /orders\.csv:3: amount_fen: a whole number is expected, without decimals, not "800\.00"/],
  ['a number beyond 63 bits', 'data/orders.csv', (s) => s.replace(',80000,', ',9223372036854775808,'),
    /orders\.csv:3: amount_fen: the number does not fit in 63 bits/],
  ['an amount beyond the range', 'data/orders.csv', (s) => s.replace(',80000,', ',2147483648,'),
    /orders\.csv:3: amount_fen: is above the greatest value/],
  ['a negative amount', 'data/orders.csv', (s) => s.replace(',80000,', ',-1,'), /orders\.csv:3: amount_fen: is below the least value/],
  ['an empty cell', 'data/orders.csv', (s) => s.replace(',80000,', ',,'), /orders\.csv:3: amount_fen: is empty/],
  ['an unknown person', 'data/orders.csv', (s) => s.replace('2510000004,3', '2510000004,77'),
    /orders\.csv:5: promoter_id: there is no such row in the table that it refers to, not "77"/],
  ['an unknown parent', 'data/promoters.csv', (s) => s.replace('4,0,2', '4,99,2'), /promoters\.csv:5: parent_id: there is no promoters 99/],
  ['a tree with a loop', 'data/promoters.csv', (s) => s.replace('1,0,1', '1,3,1'), /promoters\.csv:\d: parent_id: this tree has a loop/],
  ['the same order twice', 'data/orders.csv', (s) => s.replace('2510000002', '2510000001'), /orders\.csv:3: order_id: 2510000001 appears twice/],
  ['a row that is too short', 'data/orders.csv', (s) => s.replace(',14,0,0\n', ',14,0\n'), /orders\.csv:5: row: has 8 columns, the header has 9/],
  ['a row that is too long', 'data/orders.csv', (s) => s.replace(',14,0,0\n', ',14,0,0,1\n'), /orders\.csv:5: row: has 10 columns/],
  ['an empty line', 'data/orders.csv', (s) => s + '\n', /orders\.csv:11: row: has 1 columns/],
  ['a quote that is not closed', 'data/orders.csv', (s) => s.replace(',14,', ',"14,'), /orders\.csv:5: row: a quote is not closed/],
  ['text after a quote', 'data/orders.csv', (s) => s.replace(',14,', ',"1"4,'), /orders\.csv:5: row: text follows the closing quote/],
  ['an empty file', 'data/orders.csv', () => '', /orders\.csv:1: the file is empty/],
  ['a category without tiers', 'data/products.csv', (s) => s.replace('2,2,0', '2,77,0'), /orders\.csv:5: category: .*there are no tiers for this line/],
  ['a rank without a cap', 'plan.json', (s) => s.replace('[1, 800000], ', ''), /promoters\.csv:\d: promoters \d: .*cap_fen/],
]
for (const [name, file, change, says] of bad)
  test('refused: ' + name, (t) => {
    const c = copy(t, monthFolder)
    c.edit(file, change)
    refused(t, c, says)
  })

const badSquads = [
  ['an amount with 3 decimals', 'data/sales.csv', (s) => s.replace('9000.50', '9000.505'),
    /sales\.csv:2: 实收（元）: an amount has at most 2 decimals, not "9000\.505"/],
  ['a text that is no date', 'data/visits.csv', (s) => s.replace('2026-09-04,1', '2026-9-4,1'), /visits\.csv:10: 日期: a date YYYY-MM-DD is expected/],
  ['an error after a quoted line break names the physical line', 'data/squads.csv', (s) => s.replace('乙队,20000', '乙队,2x'),
    /squads\.csv:4: 目标（元）: a decimal number is expected/],
  ['a gap between ceiling and floor', 'plan.json', (s) => s.replace('[1000000, 1200000, 50]', '[1000001, 1200000, 50]'),
    /row 2: to_fen: the tiers have a gap|row 2: .*gap/],
  ['a last tier with a ceiling', 'plan.json', (s) => s.replace('[1200000, null, 70]', '[1200000, 1300000, 70]'), /the last tier has no ceiling/],
]
for (const [name, file, change, says] of badSquads)
  test('refused: ' + name, (t) => {
    const c = copy(t, squadsFolder)
    c.edit(file, change)
    refused(t, c, says)
  })

test('refused: a missing file, an unknown person to explain, a missing plan', (t) => {
  const c = copy(t, monthFolder)
  const who = settle('--plan', c.plan, '--in', c.data, '--out', c.out, '--explain', '99')
  assert.equal(who.status, 1)
  assert.match(who.stderr, /--explain: promoters: there is no such person: 99/)
  assert.equal(fs.existsSync(c.out), false)
  fs.rmSync(path.join(c.data, 'activity.csv'))
  refused(t, c, /activity\.csv: No such file/)
  assert.equal(settle('--plan', '/nonexistent.json', '--in', c.data, '--out', c.out).status, 1)
})

test('refused: a folder that cannot be written keeps its old results', { skip: process.getuid?.() === 0 && 'root writes everywhere' }, (t) => {
  const c = copy(t, monthFolder)
  assert.equal(c.run().status, 0)
  fs.chmodSync(c.out, 0o500)
  const r = c.run()
  fs.chmodSync(c.out, 0o700)
  assert.equal(r.status, 1)
  assert.deepEqual(fs.readdirSync(c.out).sort(), ['lines.csv', 'statements.csv'])
})

test('refused: a failure while writing leaves the old results and no rubbish', (t) => {
  const c = copy(t, monthFolder)
  fs.mkdirSync(path.join(c.out, 'statements.csv'), { recursive: true }) // a folder stands where the file should go
  const r = c.run()
  assert.equal(r.status, 1)
  assert.match(r.stderr, /statements\.csv/)
  assert.deepEqual(fs.readdirSync(c.out).filter((n) => n.startsWith('.')), [])
})

test('a file of 1 GB of "a" is refused in bounded memory and time', { timeout: 60000 }, (t) => {
  const c = copy(t, monthFolder)
  const fd = fs.openSync(path.join(c.data, 'orders.csv'), 'w')
  const block = Buffer.alloc(1 << 20, 'a')
  for (let i = 0; i < 1024; i++) fs.writeSync(fd, block)
  fs.closeSync(fd)
  const began = Date.now()
  const r = spawnSync('/bin/sh', ['-c', 'ulimit -d 400000; exec "$0" "$@"', program, 'settle', '--plan', c.plan, '--in', c.data, '--out', c.out],
                      { encoding: 'utf8', timeout: 30000 })
  assert.equal(r.status, 1, r.stderr)
  assert.match(r.stderr, /orders\.csv:1: the line is longer than 65536 bytes/)
  assert.ok(Date.now() - began < 5000)
  assert.equal(fs.existsSync(c.out), false)
})

test('1 GB of "a" after a good header is refused too', { timeout: 60000 }, (t) => {
  const c = copy(t, monthFolder)
  const file = path.join(c.data, 'orders.csv')
  const head = fs.readFileSync(file, 'utf8')
  const fd = fs.openSync(file, 'w')
  fs.writeSync(fd, head)
  const block = Buffer.alloc(1 << 20, 'a')
  for (let i = 0; i < 1024; i++) fs.writeSync(fd, block)
  fs.closeSync(fd)
  const r = spawnSync('/bin/sh', ['-c', 'ulimit -d 400000; exec "$0" "$@"', program, 'settle', '--plan', c.plan, '--in', c.data, '--out', c.out],
                      { encoding: 'utf8', timeout: 30000 })
  assert.equal(r.status, 1, r.stderr)
  assert.match(r.stderr, /orders\.csv:11: row: /)
})

test('quoted cells, CRLF and a BOM read as the plain file', (t) => {
  const c = copy(t, monthFolder)
  c.edit('data/orders.csv', (s) => '\uFEFF' + s.trimEnd().split('\n')
    .map((line, i) => (i % 2 ? line.split(',').map((x) => `"${x}"`).join(',') : line)).join('\r\n'))
  c.edit('data/activity.csv', (s) => s.replaceAll('\n', '\r\n'))
  const r = c.run()
  assert.equal(r.status, 0, r.stderr)
  assert.deepEqual(sorted(fs.readFileSync(path.join(c.out, 'statements.csv'), 'utf8')),
                   sorted(fs.readFileSync(path.join(monthFolder, 'expected/statements.csv'), 'utf8')))
})
