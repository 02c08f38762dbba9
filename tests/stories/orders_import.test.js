// Orders from sheets: what is written, what is refused, what is the same the second time.
import { test } from 'node:test'
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import zlib from 'node:zlib'
import { company, ok, refused, root, world } from './kit.js'

const XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'
const HEADER = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country'
const sheet = (...rows) => [HEADER, ...rows].join('\n') + '\n'

const dry = (client, body, query = {}, options = {}) =>
  client.post('/orders/import', body, { ...options, query: { dry_run: 'true', ...query } })

async function load(client, body, query = {}, options = {}) {
  const { job } = ok(await client.post('/orders/import', body, { ...options, query }), 202)
  return (await client.job(job)).result
}

const total = (result, code, side = 'stored') => result.totals.find((t) => t.code === code)[side]
const counts = (c) => c.sql(`SELECT (SELECT count(*) FROM sales_order), (SELECT count(*) FROM order_line),
  (SELECT count(*) FROM refund), (SELECT count(*) FROM customer), (SELECT count(*) FROM product),
  (SELECT count(*) FROM price), (SELECT count(*) FROM proof_entry)`)[0].join(' ')

// A line's amount by other means than the server's: whole numbers of 0.0001 yuan.
function fenOf(quantity, price) {
  const [, sign, whole, part = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(price)
  const units = BigInt(whole + part.padEnd(4, '0').slice(0, 4)) * (sign ? -1n : 1n) * BigInt(quantity)
  const size = units < 0n ? -units : units
  const fen = size / 100n + (size % 100n >= 50n ? 1n : 0n)
  return units < 0n ? -fen : fen
}

test('ORD-13 a dry run writes nothing and names what it would do; the commit agrees with the file', async (t) => {
  const c = await company(t)
  const body = sheet(
    '536365,85123A,WHITE HANGING HEART,6,2026-10-01 08:26:00,2.55,17850.0,United Kingdom',
    '536365,71053,"LANTERN, WHITE",6,2026-10-01 08:26:00,3.39,17850.0,United Kingdom',
    '536366,22633,HAND WARMER,3,2026-10-01 08:28:00,0.335,,United Kingdom',
    '536367,22633,HAND WARMER,2,2026-10-02 08:28:00,0,13047.0,France')
  const before = counts(c)
  const seen = ok(await dry(c.admin, body), 200)
  assert.equal(counts(c), before)
  assert.deepEqual([seen.dry_run, seen.rows, seen.good, seen.bad, seen.errors_total], [true, 4, 4, 0, 0])
  assert.equal(total(seen, 'net', 'file'), 1530 + 2034 + 101) // 3 x 0.335 = 1.005: rounded once, upwards
  assert.equal(total(seen, 'net'), null)

  const result = await load(c.admin, body)
  assert.deepEqual([result.dry_run, result.created, result.skipped], [false, 4, 0])
  for (const each of result.totals) assert.equal(each.stored, each.file, each.code)
  assert.equal(total(result, 'net'), 3665)
  assert.deepEqual([total(result, 'orders'), total(result, 'no_customer'), total(result, 'zero_price')], [3, 1, 1])
  assert.deepEqual(c.sql("SELECT number, region FROM customer ORDER BY number"), [['13047', 'France'], ['17850', 'United Kingdom']])
  assert.deepEqual(c.sql("SELECT p.code, x.unit_price FROM price x JOIN product p ON p.id = x.product_id ORDER BY 1"),
                   [['22633', '3350'], ['71053', '33900'], ['85123A', '25500']])
  const order = ok(await c.admin.get('/orders', { query: { order_no: '536365' } })).items[0]
  assert.deepEqual([order.amount_fen, order.lines, order.source, order.kind], [3564, 2, 'import', 'sale'])
})

test('ORD-13 the same file twice changes nothing', async (t) => {
  const c = await company(t)
  const body = sheet('A1,X,Thing,6,2026-10-01,2.55,7.0,Here', 'CA2,X,Thing,-2,2026-10-02,2.55,7.0,Here',
                     'CA3,Y,Other,-1,2026-10-02,1.00,7.0,Here')
  const first = await load(c.admin, body)
  const after = counts(c)
  const again = await load(c.admin, body)
  assert.deepEqual([again.created, again.skipped], [0, 3])
  assert.equal(counts(c), after)
  for (const each of again.totals) assert.equal(each.stored, each.file, each.code)
  assert.deepEqual(again.totals, first.totals)
  const more = await load(c.admin, body + 'A4,X,Thing,1,2026-10-03,2.55,7.0,Here\n')
  assert.deepEqual([more.created, more.skipped], [1, 3])
})

test('ORD-13 a cancellation belongs to the latest earlier sale with quantity left, split if needed, else unmatched', async (t) => {
  const c = await company(t)
  const body = sheet(
    // not in the order of time: the file need not be
    'C9,X,Thing,-10,2026-10-09 10:00,2.00,7,Here',
    'S1,X,Thing,5,2026-10-01 10:00,2.00,7,Here',
    'S2,X,Thing,4,2026-10-02 10:00,2.50,7,Here',
    'S3,X,Thing,8,2026-10-20 10:00,2.00,7,Here',    // later: not touched
    'S4,X,Thing,9,2026-10-01 10:00,2.00,8,Here',    // another customer
    'S5,Y,Other,9,2026-10-01 10:00,2.00,7,Here',    // another product
    'C1,X,Thing,-1,2026-10-03 10:00,2.50,7,Here',
    'C2,Z,Never sold,-1,2026-10-03 10:00,9.99,7,Here',
    'C3,X,Thing,-1,2026-10-03 10:00,2.00,,Here')
  assert.equal(total(ok(await dry(c.admin, body)), 'unmatched', 'file'), 3)
  const result = await load(c.admin, body)
  assert.deepEqual([total(result, 'unmatched'), total(result, 'cancellations')], [3, 4])
  const rows = c.sql(`SELECT o.order_no, coalesce(s.order_no, '-'), r.quantity, r.amount, r.match FROM refund r
    JOIN sales_order o ON o.id = r.sales_order_id LEFT JOIN order_line l ON l.id = r.origin_id
    LEFT JOIN sales_order s ON s.id = l.sales_order_id ORDER BY 1, 2`)
  assert.deepEqual(rows.map((r) => r.join(' ')), [
    'C1 S2 1 250 matched', 'C2 - 1 999 unmatched', 'C3 - 1 200 unmatched',
    'C9 - 2 400 unmatched', 'C9 S1 5 1000 matched', 'C9 S2 3 600 matched'])
  assert.deepEqual(c.sql("SELECT order_no, refunded FROM sales_order WHERE order_no IN ('S1', 'S2', 'S3') ORDER BY 1"),
                   [['S1', '1000'], ['S2', '850'], ['S3', '0']])
  const unmatched = ok(await c.admin.get('/refunds', { query: { match: 'unmatched' } })).items
  assert.equal(unmatched.length, 3)
})

test('ORD-13 what is left of an earlier import is what a later cancellation finds', async (t) => {
  const c = await company(t)
  await load(c.admin, sheet('S1,X,Thing,5,2026-10-01,2.00,7,Here', 'C1,X,Thing,-3,2026-10-02,2.00,7,Here'))
  const later = sheet('C2,X,Thing,-4,2026-10-03,2.00,7,Here')
  assert.equal(total(ok(await dry(c.admin, later)), 'unmatched', 'file'), 1)
  assert.equal(total(await load(c.admin, later), 'unmatched'), 1)
  assert.deepEqual(c.sql("SELECT quantity, amount, match FROM refund ORDER BY id"), [['3', '600', 'matched'], ['2', '400', 'matched'], ['2', '400', 'unmatched']])
})

test('ORD-13 negative quantities of other orders are adjustments', async (t) => {
  const c = await company(t)
  await load(c.admin, sheet('536589,21777,,-10,2026-10-01,0.0,,Here', 'CN-7,X,Thing,3,2026-10-01,1.00,7,Here'))
  assert.deepEqual(c.sql('SELECT order_no, kind, amount FROM sales_order ORDER BY 1'), [['536589', 'adjustment', '0'], ['CN-7', 'sale', '300']])
  assert.deepEqual(c.sql('SELECT count(*) FROM refund'), [['0']])
})

test('ORD-13 an order is of the promoter named, else of its customer', async (t) => {
  const c = await company(t)
  const w = await world(c, { secrets: false })
  await load(c.admin, 'order_no,product_code,quantity,unit_price,ordered_at,customer_no,promoter_no\n' +
    'N1,K-tea,1,10,2026-10-01,C1,\nN2,K-tea,1,10,2026-10-01,C1,P3\nN3,K-tea,1,10,2026-10-01,new,P4\nN4,K-tea,1,10,2026-10-01,,\n')
  const rows = c.sql("SELECT order_no, coalesce(promoter_id, 0) FROM sales_order WHERE order_no LIKE 'N%' ORDER BY 1")
  assert.deepEqual(rows, [['N1', w.person.zhang], ['N2', w.person.li], ['N3', w.person.zhao], ['N4', '0']])
  assert.deepEqual(c.sql("SELECT promoter_id FROM customer WHERE number = 'new'"), [[w.person.zhao]])
  assert.deepEqual(c.sql("SELECT count(*) FROM product WHERE code = 'K-tea'"), [['1']])
})

test('ORD-13 every bad cell is named, in both languages, and nothing is written', async (t) => {
  const c = await company(t)
  const bad = [
    ['A,X,T,six,2026-10-01,1,7,H', 'quantity', 'parse', 'Quantity', 'six'],
    ['A,X,T,1.5,2026-10-01,1,7,H', 'quantity', 'scale', 'Quantity', '1.5'],
    ['A,X,T,1,2026-02-30,1,7,H', 'ordered_at', 'parse', 'InvoiceDate', '2026-02-30'],
    ['A,X,T,1,12/1/2010 8:26,1,7,H', 'ordered_at', 'parse', 'InvoiceDate', '12/1/2010 8:26'],
    ['A,X,T,1,2026-10-01,1.23456,7,H', 'unit_price', 'scale', 'UnitPrice', '1.23456'],
    ['A,X,T,1,2026-10-01,9223372036854775808,7,H', 'unit_price', 'range', 'UnitPrice', '9223372036854775808'],
    ['A,X,T,9223372036854775808,2026-10-01,1,7,H', 'quantity', 'range', 'Quantity', '9223372036854775808'],
    ['A,X,T,1000000000,2026-10-01,100000000,7,H', 'unit_price', 'range', 'UnitPrice', '100000000'],
    ['A,X,T,=1+1,2026-10-01,1,7,H', 'quantity', 'formula', 'Quantity', '=1+1'],
    ['A,X,"=HYPERLINK(""http://x"")",1,2026-10-01,1,7,H', 'product_name', 'formula', 'Description', '=HYPERLINK("http://x")'],
    [',X,T,1,2026-10-01,1,7,H', 'order_no', 'required', 'InvoiceNo', ''],
    ['A,,T,1,2026-10-01,1,7,H', 'product_code', 'required', 'StockCode', ''],
  ]
  const before = counts(c)
  for (const [row, field, code, column, value] of bad) {
    const result = ok(await dry(c.admin, sheet('G,X,T,1,2026-10-01,1,7,H', row)), 200)
    assert.deepEqual([result.rows, result.bad, result.errors_total], [2, 1, 1], row)
    const e = result.errors[0]
    assert.deepEqual([e.row, e.field, e.code, e.column, e.value], [3, field, code, column, value], row)
    assert.match(e.message, /[\u4e00-\u9fff]/)
  }
  c.admin.language = 'en'
  const all = ok(await c.admin.post('/orders/import', sheet(...bad.map((b) => b[0]))), 200)
  assert.deepEqual([all.bad, all.errors_total, all.created], [bad.length, bad.length, 0])
  for (const e of all.errors) assert.doesNotMatch(e.message, /[\u4e00-\u9fff]/)
  assert.equal(counts(c), before, 'a commit with bad cells writes nothing')

  const mixed = ok(await dry(c.admin, sheet('A,X,T,1,2026-10-01,1,7,H', 'A,X,T,1,2026-10-01,1,8,H', 'C5,X,T,-1,2026-10-01,1,8,H', 'C5,X,T,1,2026-10-01,1,8,H')), 200)
  assert.deepEqual(mixed.errors.map((e) => [e.row, e.field, e.code]), [[3, 'customer_no', 'conflict'], [4, 'quantity', 'conflict']])
  const who = ok(await dry(c.admin, 'order_no,product_code,quantity,unit_price,ordered_at,promoter_no\nA,X,1,1,2026-10-01,P99\n'), 200)
  assert.deepEqual(who.errors.map((e) => [e.row, e.field, e.code, e.value]), [[2, 'promoter_no', 'unknown', 'P99']])
})

test('ORD-13 a file that is no order sheet is refused as a whole', async (t) => {
  const c = await company(t)
  const before = counts(c)
  refused(await dry(c.admin, Buffer.alloc(0), {}, { type: 'text/csv' }), 400)
  const missing = refused(await dry(c.admin, 'InvoiceNo,StockCode,Quantity,InvoiceDate\nA,X,1,2026-10-01\n'), 400)
  assert.deepEqual(missing.errors.map((e) => [e.field, e.code]), [['unit_price', 'required']])
  refused(await dry(c.admin, '{}', {}, { type: 'application/json' }), 415)
  assert.ok((await dry(c.admin, 'PK\x03\x04 not a workbook', {}, { type: XLSX })).status >= 400)
  assert.ok((await dry(c.admin, 'a,"b\n1,2', {})).status >= 400)
  const unknown = refused(await dry(c.admin, sheet('A,X,T,1,2026-10-01,1,7,H'), { mapping: '{"quantity":"Stück"}' }), 400)
  assert.equal(unknown.errors[0].field, 'quantity')
  refused(await dry(c.admin, sheet('A,X,T,1,2026-10-01,1,7,H'), { mapping: '[' }), 400)
  assert.equal(counts(c), before)
})

test('ORD-13 columns are found by Chinese headers or by a mapping', async (t) => {
  const c = await company(t)
  const zh = ok(await dry(c.admin, '订单号,货号,商品名称,数量,单价,下单时间,客户号\nA,X,茶,2,1.5,2026年10月1日,7\n'))
  assert.deepEqual([zh.bad, total(zh, 'net', 'file')], [0, 300])
  const mapping = JSON.stringify({ order_no: 'a', product_code: 'b', quantity: 'c', unit_price: 'd', ordered_at: 'e' })
  const mapped = ok(await dry(c.admin, 'a,b,c,d,e\nA,X,2,1.5,2026/10/1\n', { mapping }))
  assert.deepEqual([mapped.bad, total(mapped, 'net', 'file')], [0, 300])
})

test('ORD-13 who may not import is refused; who sees a squad imports for it alone', async (t) => {
  const c = await company(t)
  const w = await world(c, { secrets: false })
  const body = 'order_no,product_code,quantity,unit_price,ordered_at,promoter_no\n'
  const reader = await c.login('reader', { permissions: { 'order.read': 'org' } })
  refused(await dry(reader, body + 'A,X,1,1,2026-10-01,P2\n'), 403)
  refused(await dry(c.client(), body + 'A,X,1,1,2026-10-01,P2\n'), 401)
  const squad = await c.login('squad', { permissions: { 'order.import': 'squad', 'order.read': 'squad', 'job.read': 'own' }, unit: w.unit.s1 })
  assert.equal(ok(await dry(squad, body + 'A,X,1,1,2026-10-01,P2\n')).bad, 0)
  const other = ok(await dry(squad, body + 'A,X,1,1,2026-10-01,P5\nB,X,1,1,2026-10-01,\n'))
  assert.deepEqual(other.errors.map((e) => [e.row, e.code]), [[2, 'unknown'], [3, 'required']])
})

test('ORD-13 a workbook says the same as its CSV', async (t) => {
  const c = await company(t)
  // A workbook as small as one can be, made by the zip of the system.
  const folder = fs.mkdtempSync(path.join(c.folder, 'book-'))
  const rows = [['order_no', 'product_code', 'quantity', 'unit_price', 'ordered_at'], ['A', 'X', 2, 2.55, 46296]]
  const cell = (v, r, i) => typeof v === 'number' ? `<c r="${'ABCDE'[i]}${r}"${i === 4 ? ' s="1"' : ''}><v>${v}</v></c>`
    : `<c r="${'ABCDE'[i]}${r}" t="inlineStr"><is><t>${v}</t></is></c>`
  const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'
  const rel = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
  const files = {
    '[Content_Types].xml': `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/><Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/></Types>`,
    '_rels/.rels': `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="${rel}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    'xl/workbook.xml': `<workbook xmlns="${main}" xmlns:r="${rel}"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="${rel}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="r2" Type="${rel}/styles" Target="styles.xml"/></Relationships>`,
    'xl/styles.xml': `<styleSheet xmlns="${main}"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>`,
    'xl/worksheets/sheet1.xml': `<worksheet xmlns="${main}"><sheetData>${rows.map((r, k) => `<row r="${k + 1}">${r.map((v, i) => cell(v, k + 1, i)).join('')}</row>`).join('')}</sheetData></worksheet>`,
  }
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true })
    fs.writeFileSync(path.join(folder, name), '<?xml version="1.0" encoding="UTF-8"?>' + text)
  }
  execFileSync('python3', ['-c', 'import sys,zipfile,os\nz=zipfile.ZipFile(sys.argv[1],"w",zipfile.ZIP_DEFLATED)\n[z.write(n) for n in sys.argv[2:]]\nz.close()', 'b.xlsx', ...Object.keys(files)], { cwd: folder })
  const book = fs.readFileSync(path.join(folder, 'b.xlsx'))
  const seen = ok(await dry(c.admin, book, {}, { type: XLSX }))
  assert.deepEqual([seen.bad, total(seen, 'net', 'file'), seen.errors], [0, 510, []])
  assert.equal((await load(c.admin, book, {}, { type: XLSX })).created, 1)
  assert.deepEqual(c.sql('SELECT ordered_on FROM sales_order'), [[String(Date.UTC(2026, 9, 1) / 86_400_000)]])
})

test('ORD-13 a month of the real file: control totals worked out independently', async (t) => {
  const c = await company(t)
  const bytes = zlib.gunzipSync(fs.readFileSync(path.join(root, 'demo/orders/2011-02.csv.gz')))
  let net = 0n
  let lines = 0
  let noCustomer = 0
  let zero = 0
  const orders = new Set()
  for (const row of bytes.toString('utf8').trimEnd().split('\n').slice(1)) {
    const cells = row.match(/("([^"]|"")*"|[^,]*)(,|$)/g).map((s) => s.replace(/,$/, '')) // quoted commas stay inside
    const [no, , , quantity, , price, customer] = cells
    net += fenOf(quantity, price)
    lines++
    noCustomer += customer === ''
    zero += Number(price) === 0
    orders.add(no)
  }
  const begun = process.hrtime.bigint()
  const result = await load(c.admin, bytes)
  const seconds = Number(process.hrtime.bigint() - begun) / 1e9
  t.diagnostic(`${lines} lines in ${seconds.toFixed(2)} s: ${Math.round(lines / seconds)} lines a second, upload and polling included`)
  for (const each of result.totals) assert.equal(each.stored, each.file, each.code)
  assert.deepEqual([total(result, 'net'), total(result, 'lines'), total(result, 'no_customer'), total(result, 'zero_price'), total(result, 'orders'), total(result, 'cancellations')],
                   [Number(net), lines, noCustomer, zero, orders.size, [...orders].filter((o) => o.startsWith('C')).length])
  await c.stop()
  const check = await c.cli('check')
  assert.equal(check.code, 0, check.out + check.err)
})
