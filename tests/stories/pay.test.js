// From an order to a statement that a promoter can check at home: posting, collections, refunds;
// calculate, approve by a second person, lock, unlock, what changed; explanations to the fen; the
// proof file and the checks of the whole data folder.
import { test } from 'node:test'
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { ROLES, calculate, company, ok, period, program, publish, refused, temporary, world } from './kit.js'

const NOW = '2031-03-20T04:00:00Z'
const MONTH = '2031-03'

async function staff(t, options = {}) {
  const c = await company(t, { clock: NOW, ...options })
  const w = await world(c)
  await publish(c.admin)
  const finance = await c.login('finance', { permissions: { ...ROLES.finance, 'plan.publish': 'org' } })
  const chief = await c.login('chief', { permissions: ROLES.chief })
  return { c, w, finance, chief }
}

const items = (w, quantity = 2) => [{ product: w.product.tea, quantity }, { product: w.product.cup, quantity: 1 }]

async function pay(w, client, who, { paid = true, quantity = 2, at = '2031-03-18T03:00:00Z' } = {}) {
  const order = ok(await client.post('/orders/post', { promoter: w.person[who], ordered_at: at, items: items(w, quantity) }))
  if (paid) ok(await client.post(`/orders/${order.order}/collect`, { amount_fen: order.amount_fen, collected_at: at }))
  return order
}

/** Adds up a tree: every node that says so is the sum of what stands below it. */
function addsUp(node, where = '') {
  const here = `${where}/${node.label?.zh ?? node.label ?? ''}`
  const children = node.children ?? []
  if (node.sum && children.length) {
    const below = children.reduce((n, x) => n + (x.amount_fen ?? 0), 0) + (node.more?.amount_fen ?? 0)
    assert.equal(below, node.amount_fen, `${here}: the parts are ${below}`)
  }
  return 1 + children.reduce((n, x) => n + addsUp(x, here), 0)
}

test('orders: numbered, priced by the day, rounded once; the totals follow', async (t) => {
  const { c, w, finance } = await staff(t)
  ok(await c.admin.post('/prices', { product: w.product.tea, from_on: '2031-03-10', unit_price: '200.0000' }))
  const early = ok(await finance.post('/orders/post', { promoter: w.person.li, ordered_at: '2031-03-09T15:59:59Z', items: [{ product: w.product.tea, quantity: 1 }] }))
  assert.equal(early.amount_fen, 12850) // 23:59:59 in Shanghai: the price of the day before
  const late = ok(await finance.post('/orders/post', { promoter: w.person.li, ordered_at: '2031-03-09T16:00:00Z', items: [{ product: w.product.tea, quantity: 1 }] }))
  assert.equal(late.amount_fen, 20000)
  const half = ok(await finance.post('/orders/post', { order_no: 'A-1', promoter: w.person.li, items: [{ product: w.product.box, quantity: 1 }, { product: w.product.box, quantity: 3 }] }))
  assert.equal(half.amount_fen, 1 + 2) // 0.005 -> 0.01 and 0.015 -> 0.02, each line once, away from zero
  assert.equal(half.order_no, 'A-1')
  refused(await finance.post('/orders/post', { order_no: 'A-1', promoter: w.person.li, items: items(w) }), 409)
  for (const [body, field] of [
    [{ items: items(w) }, 'promoter'], [{ promoter: w.person.li, items: [] }, 'items'], [{ promoter: w.person.li }, 'items'],
    [{ promoter: w.person.li, items: [{ product: w.product.tea, quantity: 0 }] }, 'quantity'],
    [{ promoter: w.person.li, items: [{ product: w.product.tea, quantity: 1.5 }] }, 'quantity'],
    [{ promoter: '1', items: items(w) }, 'promoter'],
    [{ promoter: w.person.li, ordered_at: '2031-03-21T00:00:00Z', items: items(w) }, 'ordered_at'],
    [{ promoter: w.person.li, ordered_at: '2031-02-30T00:00:00Z', items: items(w) }, 'ordered_at'],
  ]) {
    const errors = refused(await finance.post('/orders/post', body), 400).errors
    assert.ok(errors.some((e) => e.field.includes(field)), `${field} in ${JSON.stringify(errors)}`)
  }
  // 63 bits are the limit of an amount, and it is told, not wrapped.
  const huge = await finance.post('/orders/post', { promoter: w.person.li, items: Array.from({ length: 500 }, () => ({ product: w.product.tea, quantity: 1_000_000, unit_price: '100000000.0000' })) })
  assert.ok(huge.status === 201 || huge.status === 200 || (huge.status >= 400 && huge.status < 500), huge.text)
  if (huge.status < 300) assert.equal(huge.body.amount_fen, 500 * 1e6 * 1e10)

  const order = await pay(w, finance, 'zhang', { paid: false })
  refused(await finance.post(`/orders/${order.order}/collect`, { amount_fen: order.amount_fen + 1 }), 400)
  ok(await finance.post(`/orders/${order.order}/collect`, { amount_fen: 1000 }))
  ok(await finance.post(`/orders/${order.order}/collect`, { amount_fen: order.amount_fen - 1000 }))
  const lines = ok(await finance.get('/order-lines', { query: { sales_order: order.order, sort: 'number' } })).items
  refused(await finance.post(`/orders/${order.order}/refund`, { line: lines[0].id, amount_fen: lines[0].amount_fen + 1, reason: '退' }), 400)
  refused(await finance.post(`/orders/${order.order}/refund`, { line: lines[0].id, quantity: 3, amount_fen: 1, reason: '退' }), 400)
  ok(await finance.post(`/orders/${order.order}/refund`, { line: lines[0].id, quantity: 2, amount_fen: lines[0].amount_fen, reason: '退货' }))
  refused(await finance.post(`/orders/${order.order}/refund`, { line: lines[0].id, amount_fen: 1, reason: '再退' }), 400)
  const row = ok(await finance.get(`/orders/${order.order}`))
  assert.deepEqual([row.collected_fen, row.refunded_fen], [order.amount_fen, lines[0].amount_fen])
  for (const where of ['/orders', '/order-lines', '/collections', '/refunds']) {
    const id = (await finance.all(where))[0].id
    assert.equal((await c.admin.patch(`${where}/${id}`, { amount_fen: 1 }, { ifMatch: 1 })).status, 405, `${where}: a fact is not changed`)
    assert.equal((await c.admin.del(`${where}/${id}`)).status, 405)
  }
})

test('a month: calculated, approved by a second person, locked, unlocked, calculated again', async (t) => {
  const { c, w, finance, chief } = await staff(t)
  const first = await pay(w, finance, 'zhang')
  await pay(w, finance, 'li', { quantity: 400 })
  await pay(w, finance, 'zhao', { paid: false })
  ok(await finance.post('/orders/post', { promoter: w.person.chen, ordered_at: '2031-02-27T03:00:00Z', items: items(w) })) // another month
  for (let i = 0; i < 25; i++) ok(await c.admin.post('/activities/record', { promoter: w.person.chen, kind: 'visit', happened_at: `2031-03-02T0${i % 6}:00:00Z` }))

  const p = await period(finance, MONTH)
  refused(await finance.post(`/periods/${p.id}/approve`, { version: p.version }), 403)
  assert.equal((await chief.post(`/periods/${p.id}/approve`, { version: p.version })).status, 409, 'not calculated yet')
  let month = await calculate(finance, p.id)
  assert.equal(month.state, 'calculated')
  // By hand: 10 % of each paid line, 5 % to the leader, visits 0.80 at most 20 a day, tax above 800.
  const round = (x) => Math.floor(x + 0.5)
  const line = (fen) => round(fen / 10)
  const own = { zhang: line(25700) + line(1999), li: line(400 * 12850) + line(1999), zhao: 0, chen: 0 }
  const gross = { ...own, chen: 20 * 80, wang: round(own.zhang * 0.05) + round(own.li * 0.05) + 0 }
  const net = (g) => g - round(Math.max(g - 80000, 0) / 5)
  const statements = await chief.all('/statements', { query: { period: MONTH } })
  for (const [who, g] of Object.entries(gross)) {
    const s = statements.find((x) => x.person.id === w.person[who])
    if (!g) {
      assert.ok(!s || s.net_fen === 0, who)
      continue
    }
    assert.deepEqual([s.gross_fen, s.net_fen], [g, net(g)], who)
  }
  assert.equal(month.totals.net_fen, Object.values(gross).reduce((n, g) => n + net(g), 0))

  // The one who calculated may not approve, whatever the permissions.
  const both = await c.login('both', { permissions: { ...ROLES.finance, ...ROLES.chief } })
  month = await calculate(both, p.id)
  assert.equal(month.actions.approve.allowed, false)
  refused(await both.post(`/periods/${p.id}/approve`, { version: month.version }), 403)
  refused(await chief.post(`/periods/${p.id}/approve`, { version: month.version - 1 }), 412)
  month = ok(await chief.post(`/periods/${p.id}/approve`, { version: month.version }))
  assert.equal((await finance.post(`/periods/${p.id}/calculate`, {})).status, 409)
  refused(await chief.post(`/periods/${p.id}/lock`, { version: month.version }), 403)
  month = ok(await finance.post(`/periods/${p.id}/lock`, { version: month.version }))
  assert.equal(month.state, 'locked')
  assert.equal((await finance.post(`/periods/${p.id}/lock`, { version: month.version })).status, 409)
  const payouts = await finance.all('/payouts')
  assert.equal(payouts.reduce((n, x) => n + x.amount_fen, 0), month.totals.net_fen)

  // A late refund: unlocking needs a reason, the new run says whose pay changed and by how much.
  const lines = ok(await finance.get('/order-lines', { query: { sales_order: first.order, sort: 'number' } })).items
  ok(await finance.post(`/orders/${first.order}/refund`, { line: lines[0].id, quantity: 2, amount_fen: lines[0].amount_fen, refunded_at: '2031-03-19T00:00:00Z', reason: '退货' }))
  refused(await chief.post(`/periods/${p.id}/unlock`, { version: month.version, reason: '退' }), 400)
  month = ok(await chief.post(`/periods/${p.id}/unlock`, { version: month.version, reason: '客户退货，重新核算' }))
  assert.equal(month.state, 'open')
  month = await calculate(finance, p.id)
  const changes = ok(await chief.get(`/periods/${p.id}/changes`))
  assert.match(changes.reason ?? '', /客户退货/)
  const by = new Map(changes.items.map((x) => [x.person.id, x]))
  assert.equal(by.get(w.person.zhang).delta_fen, -line(25700))
  assert.ok(!by.has(w.person.li), 'only what differs')
  assert.deepEqual(new Set(by.keys()), new Set([w.person.zhang, w.person.wang]))
  month = ok(await chief.post(`/periods/${p.id}/approve`, { version: month.version }))
  ok(await finance.post(`/periods/${p.id}/lock`, { version: month.version }))
  const check = await c.cli('check')
  assert.equal(check.code, 0, check.out + check.err)
})

test('a promoter reads their own statement, to the fen, and nobody else\'s', async (t) => {
  const { c, w, finance, chief } = await staff(t)
  for (const who of ['zhang', 'li', 'chen']) await pay(w, finance, who, { quantity: 77 })
  const month = await calculate(finance, (await period(finance, MONTH)).id)
  ok(await finance.post(`/periods/${ok(await chief.post(`/periods/${month.id}/approve`, { version: month.version })).id}/lock`, { version: month.version + 1 }))
  const zhang = await c.login('zhang', { permissions: ROLES.promoter, person: w.person.zhang })
  const mine = await zhang.all('/statements')
  assert.deepEqual(mine.map((s) => s.person.id), [w.person.zhang])
  const all = await chief.all('/statements')
  const other = all.find((s) => s.person.id === w.person.li)
  for (const tail of ['', '/lines', '/explain', '/zip']) refused(await zhang.get(`/statements/${other.id}${tail}`), 404)
  const s = ok(await zhang.get(`/statements/${mine[0].id}`))
  assert.equal(s.components.filter((x) => x.kind !== 'total').reduce((n, x) => n + x.amount_fen, 0), s.net_fen)
  const lines = await zhang.all(`/statements/${s.id}/lines`)
  assert.ok(lines.length >= 2)
  for (const component of s.components.filter((x) => x.lines > 0)) {
    const own = await zhang.all(`/statements/${s.id}/lines`, { query: { component: component.code } })
    assert.equal(own.length, component.lines, component.code)
    assert.ok(addsUp(ok(await zhang.get(`/statements/${s.id}/explain`, { query: { component: component.code } }))) >= 1)
  }
  const whole = ok(await zhang.get(`/statements/${s.id}/explain`))
  assert.equal(whole.amount_fen, s.net_fen)
  assert.ok(addsUp(whole) > 5, 'a tree, not a number')
  for (const l of lines) {
    const why = ok(await zhang.get(`/statements/${s.id}/explain`, { query: { line: l.id } }))
    assert.equal(why.amount_fen, l.amount_fen)
    addsUp(why)
    assert.ok(why.formula || why.children?.length, 'says how')
  }
  const earnings = ok(await zhang.get('/me/earnings'))
  assert.equal(earnings.person.id, w.person.zhang)
  refused(await zhang.get('/overview'), 403)
  refused(await finance.get('/me/earnings'), 403)
})

test('the proof file: verified at home, refused when any byte was changed', async (t) => {
  const { c, w, finance, chief } = await staff(t)
  const folder = temporary(t)
  for (const who of ['zhang', 'li']) await pay(w, finance, who)
  let month = await calculate(finance, (await period(finance, MONTH)).id)
  month = ok(await chief.post(`/periods/${month.id}/approve`, { version: month.version }))
  ok(await finance.post(`/periods/${month.id}/lock`, { version: month.version }))
  const zhang = await c.login('zhang', { permissions: ROLES.promoter, person: w.person.zhang })
  const [s] = await zhang.all('/statements')
  let zip
  for (let i = 0; i < 100; i++) {
    zip = await zhang.get(`/statements/${s.id}/zip`) // 404 until the log has signed it
    if (zip.status !== 404) break
    await new Promise((r) => setTimeout(r, 100))
  }
  ok(zip)
  assert.match(zip.headers['content-type'], /zip/)
  const file = path.join(folder, 'statement.zip')
  fs.writeFileSync(file, zip.bytes)
  const key = zhang.me.log.vkey
  assert.equal((await c.client().get('//log/alpha/vkey')).text.trim(), key)
  const verify = (name, k = key) => spawnSync(program, ['verify', name, '--key', k], { encoding: 'utf8', timeout: 30_000 })
  const good = verify(file)
  assert.equal(good.status, 0, good.stdout + good.stderr)
  const wrongKey = verify(file, key.replace(/.$/, (x) => (x === 'A' ? 'B' : 'A')))
  assert.notEqual(wrongKey.status, 0)
  let missed = 0
  const step = Math.max(1, Math.floor(zip.bytes.length / 150))
  for (let at = 0; at < zip.bytes.length; at += step) {
    const bad = Buffer.from(zip.bytes)
    bad[at] ^= 1
    fs.writeFileSync(file + '.bad', bad)
    const r = verify(file + '.bad')
    if (r.status === 0) missed++
    else assert.equal(r.status, 1, `byte ${at}: ${r.stderr}`)
  }
  assert.equal(missed, 0)
  fs.writeFileSync(file + '.short', zip.bytes.subarray(0, zip.bytes.length - 100))
  assert.equal(verify(file + '.short').status, 1)

  // What is published is readable by everybody and holds nobody's name or money.
  const checkpoint = await c.client().get('//log/alpha/checkpoint')
  ok(checkpoint)
  assert.match(checkpoint.text, /^localhost\/log\/alpha\n\d+\n/)
})

test('check finds what was changed behind the server\'s back (S7)', async (t) => {
  const { c, w, finance, chief } = await staff(t)
  for (const who of ['zhang', 'li']) await pay(w, finance, who)
  let month = await calculate(finance, (await period(finance, MONTH)).id)
  month = ok(await chief.post(`/periods/${month.id}/approve`, { version: month.version }))
  ok(await finance.post(`/periods/${month.id}/lock`, { version: month.version }))
  await c.stop()
  const clean = await c.cli('check')
  assert.equal(clean.code, 0, clean.out + clean.err)
  const cases = [
    ["UPDATE order_line SET amount = amount + 1 WHERE id = (SELECT min(id) FROM order_line)", "UPDATE order_line SET amount = amount - 1 WHERE id = (SELECT min(id) FROM order_line)", 'a line'],
    ["UPDATE order_line SET quantity = quantity + 1 WHERE id = (SELECT min(id) FROM order_line)", "UPDATE order_line SET quantity = quantity - 1 WHERE id = (SELECT min(id) FROM order_line)", 'a quantity'],
    ["UPDATE statement SET net = net + 100, tax = tax - 100 WHERE id = (SELECT max(id) FROM statement)", "UPDATE statement SET net = net - 100, tax = tax + 100 WHERE id = (SELECT max(id) FROM statement)", 'a statement'],
    ["UPDATE collection SET amount = amount + 5 WHERE id = (SELECT min(id) FROM collection); UPDATE sales_order SET collected = collected + 5 WHERE id = (SELECT sales_order_id FROM collection ORDER BY id LIMIT 1)", "UPDATE collection SET amount = amount - 5 WHERE id = (SELECT min(id) FROM collection); UPDATE sales_order SET collected = collected - 5 WHERE id = (SELECT sales_order_id FROM collection ORDER BY id LIMIT 1)", 'a collection and its order alike'],
    ["UPDATE proof_entry SET content = replace(content, '\"amount_fen\":', '\"amount_fen\":1') WHERE seq = (SELECT min(seq) FROM proof_entry WHERE kind = 'order')", "UPDATE proof_entry SET content = replace(content, '\"amount_fen\":1', '\"amount_fen\":') WHERE seq = (SELECT min(seq) FROM proof_entry WHERE kind = 'order')", 'an entry of the log'],
  ]
  const missed = []
  for (const [spoil, mend, what] of cases) {
    c.tamper(spoil)
    const r = await c.cli('check')
    if (r.code !== 1) missed.push(`${what}: exit ${r.code}`)
    c.tamper(mend)
  }
  const again = await c.cli('check')
  assert.equal(again.code, 0, again.out)
  assert.deepEqual(missed, [])
})

test('backup while writing, restore elsewhere, the log signs only after resume', async (t) => {
  const { c, w, finance } = await staff(t)
  const folder = temporary(t)
  await pay(w, finance, 'li')
  const backup = path.join(folder, 'backup.zip')
  const made = await c.cli('backup', backup, '--with-keys')
  assert.equal(made.code, 0, made.err)
  assert.equal(fs.statSync(backup).mode & 0o077, 0, 'only its owner may read a backup')
  const count = c.sql('SELECT count(*) FROM sales_order')[0][0]
  await c.stop()
  if (c.database) return // SQLite's folder is what is restored here
  const checkpoint = { text: (await c.cli('log', 'checkpoint', '--org', 'alpha')).out }
  const target = path.join(folder, 'restored')
  const { run } = await import('./kit.js')
  const restored = await run(['restore', backup, '--data', target])
  assert.equal(restored.code, 0, restored.err)
  assert.notEqual((await run(['restore', backup, '--data', target])).code, 0, 'never over a database that is there')
  const check = await run(['check', '--data', target])
  assert.equal(check.code, 0, check.out + check.err)
  const last = path.join(folder, 'checkpoint')
  fs.writeFileSync(last, checkpoint.text)

  c.folder = target
  c.where = ['--data', target]
  await c.start()
  assert.equal(c.sql('SELECT count(*) FROM sales_order')[0][0], count)
  const back = await c.signIn('finance')
  await pay(w, back, 'zhang')
  await new Promise((r) => setTimeout(r, 1500))
  const signed = (await c.client().get('//log/alpha/checkpoint')).text
  const size = (text) => Number(text.split('\n')[1])
  assert.ok(!/^localhost/.test(signed) || size(signed) <= size(checkpoint.text), `it does not sign what it cannot prove: ${signed}`)
  await c.stop()
  const forged = path.join(folder, 'forged')
  fs.writeFileSync(forged, checkpoint.text.replace(/^(.*)\n(\d+)\n/, (_, a, n) => `${a}\n${Number(n) + 1}\n`))
  assert.equal((await run(['log', 'resume', '--org', 'alpha', '--data', target, '--checkpoint', forged])).code, 1)
  const resumed = await run(['log', 'resume', '--org', 'alpha', '--data', target, '--checkpoint', last])
  assert.equal(resumed.code, 0, resumed.out + resumed.err)
  await c.start()
  const now = (await c.client().get('//log/alpha/checkpoint')).text
  assert.ok(size(now) > size(checkpoint.text), 'and goes on after it')
  assert.equal((await c.cli('check')).code, 0)
})
