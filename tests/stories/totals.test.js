// What a whole company is paid is not for everybody who may see how far the month is.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { build_business, company, ok, world } from './kit.js'

test('ORG-4 totals of a period count the statements within reach', { timeout: 120_000 }, async (t) => {
  const c = await company(t)
  const w = await world(c)
  const { period } = await build_business(c, c.admin, w)
  const all = ok(await c.admin.get(`/periods/${period}`)).totals
  const rows = await c.admin.all('/statements', { query: { period: ok(await c.admin.get(`/periods/${period}`)).month } })
  assert.ok(rows.length >= 4)
  assert.equal(all.net_fen, rows.reduce((n, r) => n + r.net_fen, 0))

  const near = await c.login('near', { permissions: { 'period.read': 'org', 'statement.read': 'squad', 'overview.read': 'squad' }, person: w.person.zhang })
  const month = ok(await near.get(`/periods/${period}`)).month
  const mine = await near.all('/statements', { query: { period: month } })
  assert.ok(mine.length >= 1 && mine.length < rows.length)
  const sum = (key) => mine.reduce((n, r) => n + r[key], 0)
  const page = ok(await near.get('/overview', { query: { month } }))
  for (const totals of [ok(await near.get(`/periods/${period}`)).totals, ok(await near.get('/periods')).items.find((p) => p.month === month).totals, page.period.totals]) {
    assert.equal(totals.statements, mine.length)
    assert.equal(totals.gross_fen, sum('gross_fen'))
    assert.equal(totals.net_fen, sum('net_fen'))
  }

  const none = await c.login('none', { permissions: { 'period.read': 'org' }, person: w.person.chen })
  assert.deepEqual(ok(await none.get(`/periods/${period}`)).totals, { statements: 0, gross_fen: 0, tax_fen: 0, net_fen: 0 })
})
