/* Money, rates, sheets and plans as people read and type them. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { load } from './bundle.mjs'

const f = await load('kit/format.ts')
const sheet = await load('kit/sheetHead.ts')
const plan = await load('kit/plan.ts')

test('fen to text and back, without a float between', () => {
  for (const [fen, text] of [[0, '¥0.00'], [5, '¥0.05'], [100, '¥1.00'], [123456789, '¥1,234,567.89'], [-1250, '−¥12.50'], [9007199254740991, '¥90,071,992,547,409.91']]) assert.equal(f.yuanText(fen), text)
  assert.equal(f.yuanText(null), '—')
  for (const [text, fen] of [['1,234.50', 123450], ['¥5', 500], ['0.1', 10], ['-3.07', -307], ['1.005', undefined], ['1,23', undefined], ['abc', undefined], ['', undefined]]) assert.equal(f.parseFen(text), fen, text)
  for (const fen of [1, 99, 100, 101, 123456, -7]) assert.equal(f.parseFen(f.fenText(fen)), fen)
})

test('ppm to per cent and back', () => {
  for (const [ppm, text] of [[50000, '5 %'], [123456, '12.3456 %'], [30700, '3.07 %'], [0, '0 %'], [-20000, '−2 %']]) {
    assert.equal(f.rateText(ppm), text)
    assert.equal(f.parseRate(text), ppm)
  }
})

test('times are Shanghai times', () => {
  assert.equal(f.timeText('2026-10-31T16:30:00Z'), '2026-11-01 00:30')
  assert.equal(f.timeText('2026-10-31'), '2026-10-31')
  assert.equal(f.monthText('2026-10', 'zh'), '2026年10月')
})

test('a cell that a spreadsheet would run is defused', () => {
  assert.equal(f.csvCell('=1+1'), "'=1+1")
  assert.equal(f.csvCell('-5.20'), '-5.20')
  assert.equal(f.csvCell('a,"b"'), '"a,""b"""')
})

test('the head of a CSV: quotes, semicolons, tabs, line ends', () => {
  assert.deepEqual(sheet.csvRows('a,"b ""x"", y"\r\n1,2\r\n'), [['a', 'b "x", y'], ['1', '2']])
  assert.deepEqual(sheet.csvRows('a;b\n1;2'), [['a', 'b'], ['1', '2']])
  assert.deepEqual(sheet.csvRows('a\tb\n"x\ny"\t2\n'), [['a', 'b'], ['x\ny', '2']])
})

for (const name of ['settle-month', 'squads']) {
  test(`COM-20 every component of ${name} shows its published text in both languages`, () => {
    const view = plan.readPlan(readFileSync(new URL(`../../examples/${name}/plan.json`, import.meta.url), 'utf8'))
    assert.ok(view.parts.length > 4)
    for (const p of view.parts) {
      if (p.kind !== 'join') assert.ok(p.label.zh && p.label.en, p.name) // a joined column has no text of its own
      if (['earning', 'award'].includes(p.purpose)) assert.ok(p.text?.zh && p.text?.en, p.name)
    }
    for (const x of view.tables) for (const row of x.rows) assert.equal(row.length, x.columns.length)
    assert.ok(view.parameters.every((x) => x.value !== ''))
  })
}
