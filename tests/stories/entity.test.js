// What every entity can do by its description alone, over HTTP: lists, versions, retries, history,
// archive, bulk, sheets. Tried on people, customers and products.
import { test } from 'node:test'
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { company, ok, refused, world } from './kit.js'

test('lists: filter, sort, pages without gaps, search in Chinese', async (t) => {
  const c = await company(t)
  const w = await world(c, { secrets: false })
  for (let i = 0; i < 60; i++)
    ok(await c.admin.post('/products', { code: `N${String(i).padStart(3, '0')}`, name: i % 3 ? `茶具第${i}套` : `Kettle ${i}`, category: i % 2 ? 'even' : 'odd', sellable: i % 5 !== 0 }))
  const names = async (query) => ok(await c.admin.get('/products', { query: { limit: '100', ...query } })).items.map((p) => p.code)
  assert.deepEqual(await names({ category: 'odd', sort: 'code', sellable: 'false' }), ['N000', 'N010', 'N020', 'N030', 'N040', 'N050'])
  assert.deepEqual((await names({ sort: '-code', limit: '3' })), ['N059', 'N058', 'N057'])
  assert.deepEqual(await names({ code: 'N001,N003' }), ['N001', 'N003'])
  const all = await c.admin.all('/products', { limit: 7, query: { sort: 'name' } })
  assert.equal(all.length, 63)
  assert.equal(new Set(all.map((p) => p.id)).size, 63, 'no row twice over the pages')
  const people = async (search) => ok(await c.admin.get('/people', { query: { search } })).items.map((p) => p.name)
  assert.deepEqual(await people('张'), ['张晓明'])
  assert.deepEqual(await people('晓明'), ['张晓明']) // the middle of a word
  assert.deepEqual(await people('没有这个人'), [])
  assert.equal((await names({ search: '茶具' })).length, 40)
  assert.equal((await names({ search: 'kettle' })).length, 20)
  for (const evil of ['"', "'", '%', '*', 'a OR b', 'NEAR(', '\\', '张"', '-', '(', '^', '茶 AND', '\u0000x'])
    assert.ok((await c.admin.get('/products', { query: { search: evil } })).status < 500, `search for ${JSON.stringify(evil)}`)
  for (const bad of [{ sort: 'password_hash' }, { nothing: '1' }, { limit: '0' }, { limit: '-1' }, { limit: 'x' }, { cursor: 'AAAA' }, { sellable: 'perhaps' }, { category_to: '1' }]) {
    const answer = await c.admin.get('/products', { query: bad })
    assert.equal(answer.status, 400, `${JSON.stringify(bad)}: ${answer.text.slice(0, 200)}`)
  }
  assert.equal(ok(await c.admin.get('/prices', { query: { from_on_from: '2026-01-01', from_on_to: '2026-01-01' } })).items.length, 3)
  assert.equal(ok(await c.admin.get('/people', { query: { unit: w.unit.s1 } })).items.length, 2)
})

test('a row: all mistakes at once, defaults, immutable and read-only fields, money as integers', async (t) => {
  const c = await company(t)
  const w = await world(c, { secrets: false })
  const problem = refused(await c.admin.post('/people', { number: '', name: 'x'.repeat(61), unit: '17', joined_on: '2026-02-30', rank: 99, salary: 1 }), 400)
  const fields = problem.errors.map((e) => e.field).sort()
  for (const field of ['joined_on', 'name', 'rank', 'salary', 'unit']) assert.ok(fields.includes(field), `${field} in ${fields}`)
  for (const e of problem.errors) assert.ok(e.code && e.message)
  for (const amount of [1.5, '100', 1e20, -1, true, null])
    refused(await c.admin.post('/products', { code: randomUUID(), name: 'x', spiff_fen: amount }), 400)
  const exact = ok(await c.admin.post('/prices', { product: w.product.tea, from_on: '2026-03-01', unit_price: '0.1' }))
  assert.equal(exact.unit_price, '0.1000')
  for (const price of ['0.00001', '1e3', '-1', ' 1', '1,5', '', '99999999999999999999'])
    refused(await c.admin.post('/prices', { product: w.product.tea, from_on: '2026-03-02', unit_price: price }), 400)
  const row = ok(await c.admin.get(`/products/${w.product.tea}`))
  refused(await c.admin.patch(`/products/${row.id}`, { code: 'other' }, { ifMatch: row.version }), 400)
  refused(await c.admin.patch(`/products/${row.id}`, { version: 9 }, { ifMatch: row.version }), 400)
  assert.equal(refused(await c.admin.post('/products', { code: 'K-tea', name: 'again' }), 400).errors[0].code, 'duplicate')
  for (const broken of ['{', '[]', '"x"', '{"code":"a","code":"b","name":"x"}', '{"name":"\\ud800"}', 'null', '{"a":'.repeat(2000), ''])
    assert.equal((await c.admin.post('/products', Buffer.from(broken), { type: 'application/json' })).status, 400, broken.slice(0, 20))
  assert.equal((await c.admin.post('/products', Buffer.alloc(2 << 20, 97), { type: 'application/json' })).status, 413)
  const en = c.client()
  Object.assign(en, { cookie: c.admin.cookie, csrf: c.admin.csrf, language: 'en' })
  assert.match(refused(await en.post('/people', {}), 400).errors[0].message, /^[\x20-\x7e]+$/)
})

test('versions: 428 without If-Match, 412 with an old one, one of two writers wins', async (t) => {
  const c = await company(t)
  const w = await world(c, { secrets: false })
  const where = `/products/${w.product.cup}`
  const answer = await c.admin.get(where)
  assert.equal(answer.headers.etag, '"v1"')
  refused(await c.admin.patch(where, { name: '杯' }), 428)
  ok(await c.admin.patch(where, { name: '杯' }, { ifMatch: 1 }))
  refused(await c.admin.patch(where, { name: '碗' }, { ifMatch: 1 }), 412)
  assert.equal(ok(await c.admin.get(where)).name, '杯')
  const both = await Promise.all(Array.from({ length: 8 }, (_, i) => c.admin.patch(where, { name: `杯${i}` }, { ifMatch: 2 })))
  assert.deepEqual(both.map((a) => a.status).sort(), [200, 412, 412, 412, 412, 412, 412, 412])
  ok(await c.admin.patch(where, { name: '任' }, { ifMatch: '*' }))
})

test('a repeated request has one effect and the same answer, byte by byte (R8)', async (t) => {
  const c = await company(t)
  const w = await world(c, { secrets: false })
  const p = c.admin.prepare('POST', '/products', { code: 'once', name: '一次' })
  const parallel = await Promise.all(Array.from({ length: 20 }, () => c.admin.send(p)))
  const good = parallel.filter((a) => a.status === 201)
  assert.ok(good.length >= 1)
  for (const a of parallel) assert.ok([201, 409, 503].includes(a.status), `${a.status} ${a.text}`)
  assert.equal(new Set(good.map((a) => a.text + a.headers.etag)).size, 1)
  await c.restart()
  const later = await c.admin.send(p)
  assert.equal(later.text, good[0].text)
  assert.equal(later.status, 201)
  assert.equal(ok(await c.admin.get('/products', { query: { code: 'once' } })).items.length, 1)
  const key = p.headers['idempotency-key']
  refused(await c.admin.post('/products', { code: 'other', name: '一次' }, { key }), 422)
  refused(await c.admin.post('/customers', { number: 'x', name: '一次' }, { key }), 422)
  assert.equal(ok(await c.admin.get('/products', { query: { code: 'other' } })).items.length, 0)
  // A refusal is not kept: the same key may succeed once the cause is gone.
  const bad = c.admin.prepare('POST', '/prices', { product: w.product.tea, from_on: '2026-01-01', unit_price: '1.0000' })
  refused(await c.admin.send(bad), 400)
  // Another login with the same key is another request.
  const ann = await c.login('ann', { permissions: { 'product.manage': 'org', 'product.read': 'org' } })
  assert.equal((await ann.post('/products', { code: 'anns', name: '她的' }, { key })).status, 201)
  for (const key of ['short', 'with space in it', 'x'.repeat(201)])
    refused(await c.admin.post('/products', { code: 'k', name: 'k' }, { key }), 400)
})

test('history tells who changed what; archived rows leave the list and come back', async (t) => {
  const c = await company(t)
  const w = await world(c, { secrets: false })
  const where = `/customers/${w.customer.c1}`
  ok(await c.admin.patch(where, { name: '新名', region: '苏州' }, { ifMatch: 1 }))
  const history = ok(await c.admin.get(where + '/history')).items
  assert.equal(history.length, 2)
  const change = history[0].changes.find((x) => x.field === 'region')
  assert.deepEqual([change.before, change.after], ['上海', '苏州'])
  assert.equal(history[0].by.id, ok(await c.admin.get('/me')).login.id)
  ok(await c.admin.post(where + '/archive', {}, { ifMatch: 2 }))
  const ids = async (query) => (await c.admin.all('/customers', { query })).map((x) => x.id)
  assert.ok(!(await ids({})).includes(w.customer.c1))
  assert.ok((await ids({ archived: '1' })).includes(w.customer.c1))
  refused(await c.admin.post('/orders/post', { promoter: w.person.li, customer: '1', items: [{ product: w.product.tea, quantity: 1 }] }), 400)
  ok(await c.admin.post(where + '/restore', {}, { ifMatch: 3 }))
  assert.ok((await ids({})).includes(w.customer.c1))
})

test('bulk: each row for itself, and what failed is told', async (t) => {
  const c = await company(t)
  const w = await world(c, { secrets: false })
  const answer = ok(await c.admin.post('/people/bulk', { ids: [w.person.li, w.person.zhao, '4711'], command: 'pause', input: { reason: '休假' } }))
  assert.equal(answer.done, 2)
  assert.equal(answer.failed.length, 1)
  assert.equal(answer.failed[0].id, '4711')
  assert.equal(ok(await c.admin.get(`/people/${w.person.li}`)).status, 'paused')
  const again = ok(await c.admin.post('/people/bulk', { ids: [w.person.li, w.person.chen], command: 'pause', input: { reason: '休假' } }))
  assert.equal(again.done, 1)
  assert.equal(again.failed[0].id, w.person.li)
  refused(await c.admin.post('/people/bulk', { ids: [w.person.li], command: 'explode', input: {} }), 400)
  const reader = await c.login('reader', { permissions: { 'person.read': 'org' } })
  const tried = await reader.post('/people/bulk', { ids: [w.person.li], command: 'resume', input: {} })
  assert.ok(tried.status === 403 || (tried.status === 200 && tried.body.done === 0), tried.text)
})

test('export: what the caller sees, with formulas defused; import: dry run names every bad cell', async (t) => {
  const c = await company(t)
  const w = await world(c, { secrets: false })
  const evil = ['=1+1', '+1', '-1+1', '@SUM(A1)', '\t=1', '\r=1', '=HYPERLINK("http://x","y")', 'quote " and, comma', '换\n行']
  for (const [i, name] of evil.entries()) {
    const answer = await c.admin.post('/customers', { number: `E${i}`, name, promoter: w.person.li, note: name })
    if (!/[\t\r]/.test(name)) ok(answer)
  }
  const csv = await c.admin.get('/customers/export', { query: { format: 'csv' } })
  ok(csv)
  assert.match(csv.headers['content-type'], /^text\/csv/)
  assert.match(csv.headers['content-disposition'], /attachment/)
  const cells = parse(csv.text)
  assert.equal(cells.length, 1 + (await c.admin.all('/customers')).length)
  for (const row of cells.slice(1)) for (const cell of row) assert.ok(!/^[=+@\t\r]/.test(cell) && !/^-[^0-9]/.test(cell), `a cell begins with ${JSON.stringify(cell.slice(0, 5))}`)
  const xlsx = await c.admin.get('/customers/export', { query: { format: 'xlsx' } })
  assert.equal(xlsx.status, 200)
  assert.equal(xlsx.bytes.subarray(0, 2).toString(), 'PK')
  const one = await c.admin.get('/customers/export', { query: { format: 'csv', number: 'E0' } })
  assert.equal(parse(one.text).length, 2)

  const bad = '货号,名称,品类,单品奖励\nA1,好商品,茶,1.00\n,没有货号,茶,1.00\nA3,金额三位,茶,1.005\nA4,不是数字,茶,abc\nA1,重复,茶,0\n'
  const dry = await c.admin.post('/products/import', bad, { query: { dry_run: '1' } })
  const result = ok(dry)
  assert.equal(result.dry_run, true)
  assert.equal(result.rows, 5)
  assert.ok(result.bad >= 3, JSON.stringify(result))
  const at = result.errors.map((e) => `${e.row}:${e.field}`)
  for (const want of ['3:code', '4:spiff', '5:spiff']) assert.ok(at.some((x) => x.startsWith(want)), `${want} in ${at}`)
  for (const e of result.errors) assert.ok(e.message)
  assert.equal(ok(await c.admin.get('/products', { query: { code: 'A1' } })).items.length, 0, 'a dry run writes nothing')
  if (result.error_sheet) ok(await c.admin.get('/' + result.error_sheet.replace(/^\/?api\/v1\//, '')))
  const real = await c.admin.post('/products/import', bad)
  assert.ok(real.status === 400 || real.status === 422 || real.body.created === 0 || real.body.good === real.body.created, real.text)
  const done = ok(await c.admin.post('/products/import', '\ufeffcode,name,category,spiff\r\nB1,一,茶,1.00\r\nB2,二,茶,0\r\n'))
  assert.equal(done.created, 2, JSON.stringify(done))
  assert.equal(ok(await c.admin.get('/products', { query: { code: 'B1' } })).items[0].spiff_fen, 100)
  // What was exported can be read back in.
  const out = await c.admin.get('/products/export', { query: { format: 'csv', code: 'B1' } })
  assert.equal(ok(await c.admin.post('/products/import', Buffer.from(out.text.replace('B1', 'B9')), { type: 'text/csv', query: { dry_run: '1' } })).good, 1)
})

test('secrets: masked, found by the whole value, revealed with a reason that is logged', async (t) => {
  const c = await company(t)
  const w = await world(c)
  const row = ok(await c.admin.get(`/people/${w.person.zhang}`))
  assert.ok(!JSON.stringify(row).includes('13900001002'))
  assert.match(row.phone, /\*/)
  const customer = ok(await c.admin.get('/customers', { query: { search: '13800002001' } }))
  assert.ok(customer.items.length <= 1)
  const reader = await c.login('reader', { permissions: { 'person.read': 'org' } })
  refused(await reader.post(`/people/${w.person.zhang}/reveal`, { field: 'phone', purpose: '联系' }), 403)
  const shown = ok(await c.admin.post(`/people/${w.person.zhang}/reveal`, { field: 'phone', purpose: '联系本人' }))
  assert.ok(JSON.stringify(shown).includes('13900001002'))
  refused(await c.admin.post(`/people/${w.person.zhang}/reveal`, { field: 'phone' }), 400)
  refused(await c.admin.post(`/people/${w.person.zhang}/reveal`, { field: 'name', purpose: 'x' }), 400)
  const history = (await c.admin.get(`/people/${w.person.zhang}/history`)).text
  assert.ok(history.includes('reveal') || c.sql(`SELECT count(*) FROM change_record WHERE row_id = ${w.person.zhang} AND operation LIKE '%reveal%'`)[0][0] !== '0', 'the reveal is on record')
  assert.ok(!history.includes('13900001002'))
  for (const format of ['csv']) assert.ok(!(await c.admin.get('/people/export', { query: { format } })).text.includes('13900001002'))
})

function parse(text) {
  const rows = [[]]
  let cell = ''
  let quoted = false
  text = text.replace(/^\ufeff/, '')
  for (let i = 0; i < text.length; i++) {
    const ch = text[i]
    if (quoted) {
      if (ch === '"' && text[i + 1] === '"') cell += text[++i]
      else if (ch === '"') quoted = false
      else cell += ch
    } else if (ch === '"') quoted = true
    else if (ch === ',') { rows.at(-1).push(cell); cell = '' }
    else if (ch === '\n') { rows.at(-1).push(cell); cell = ''; rows.push([]) }
    else if (ch !== '\r') cell += ch
  }
  if (cell || rows.at(-1).length) rows.at(-1).push(cell)
  else rows.pop()
  return rows
}
