/* What people do at the desk: a record, an import, the month's run, the check of a statement. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { device, inspect, open, settled, signIn } from './lib.mjs'

let o
before(async () => { o = await open() })
after(() => o?.close())

test('a record is made, refused with a message at its field, changed, looked up, put away', { timeout: 120_000 }, async () => {
  const { page, complaints, context } = await device(o.browser)
  await signIn(page, 'hq')
  await page.goto('/r/customers')
  await settled(page)
  const number = 'K' + Date.now()
  await page.locator('[data-testid=create]').click()
  const form = page.locator('[data-testid=record-form]')
  await form.locator('[data-field=number] input').fill(number)
  await page.locator('[data-testid=form-save]').click()
  await form.locator('[data-field=name] .err').waitFor()
  assert.deepEqual(await inspect(page, 'flow-form-error', { full: false }), [])
  await form.locator('[data-field=name] input').fill('晨光文具店' + number)
  await page.locator('[data-testid=form-save]').click()
  await form.waitFor({ state: 'detached' })
  await page.locator('[data-testid=search] input, input[data-testid=search]').first().fill('光文具')
  await page.waitForURL(/q=/)
  await settled(page)
  const row = page.locator('[data-testid=rows] tbody tr', { hasText: number })
  await row.waitFor()
  await row.locator('[data-testid=edit]').click()
  await form.locator('[data-field=region] input').fill('上海')
  await page.locator('[data-testid=form-save]').click()
  await form.waitFor({ state: 'detached' })
  await row.locator('[data-testid=history-open]').click()
  await page.locator('[data-testid=history]').waitFor()
  assert.deepEqual(await inspect(page, 'flow-history', { full: false }), [])
  await page.keyboard.press('Escape')
  await page.waitForTimeout(500)
  await row.locator('input[type=checkbox]').check()
  await page.locator('[data-testid=bulk-archive]').click()
  await page.locator('.el-message-box .el-button--primary').click()
  await row.waitFor({ state: 'detached' })
  assert.deepEqual(complaints, [])
  await context.close()
})

test('the list filters, sorts and exports', { timeout: 90_000 }, async () => {
  const { page, context } = await device(o.browser)
  await signIn(page, 'hq')
  await page.goto('/r/people')
  await settled(page)
  await page.locator('[data-testid=filter]').click()
  await page.locator('[data-testid=filters]').waitFor()
  assert.deepEqual(await inspect(page, 'flow-filters', { full: false }), [])
  await page.locator('[data-testid=columns]').click()
  await page.waitForTimeout(400)
  assert.deepEqual(await inspect(page, 'flow-columns', { full: false }), [])
  await page.keyboard.press('Escape')
  await page.locator('th button').first().click()
  await page.waitForURL(/sort=/)
  const [download] = await Promise.all([page.waitForEvent('download'), page.locator('[data-testid=export-csv]').click()])
  assert.match(download.suggestedFilename(), /\.csv$/)
  await context.close()
})

test('the order import shows what is wrong before it writes, and its control totals after', { timeout: 120_000 }, async (t) => {
  const { page, complaints, context } = await device(o.browser)
  await signIn(page, 'finance')
  await page.goto('/orders/import')
  await settled(page)
  if (await page.locator('[data-testid=state-denied]').count()) return t.skip('finance may not import here')
  await page.locator('[data-testid=file]').setInputFiles({ name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('x') })
  await page.locator('[data-testid=import-error]').waitFor()
  const no = Date.now() % 1e9
  const csv = ['InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country', `${no},85123A,WHITE HANGING HEART T-LIGHT HOLDER,6,2026-10-05 08:26:00,2.55,17850,United Kingdom`, `${no},71053,WHITE METAL LANTERN,6,2026-10-05 08:26:00,abc,17850,United Kingdom`].join('\r\n') + '\r\n'
  await page.locator('[data-testid=file]').setInputFiles({ name: 'orders.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) })
  await page.locator('[data-testid=dry-run]').waitFor()
  assert.deepEqual(await inspect(page, 'flow-import-columns'), [])
  await page.locator('[data-testid=dry-run]').click()
  await page.locator('[data-testid=import-errors]').waitFor()
  assert.match(await page.locator('[data-testid=import-errors]').innerText(), /abc/)
  assert.deepEqual(await inspect(page, 'flow-import-trial'), [])
  const [sheet] = await Promise.all([page.waitForEvent('download'), page.locator('[data-testid=error-sheet]').click()])
  assert.match(sheet.suggestedFilename(), /\.(csv|xlsx)$/)
  assert.ok(await page.locator('[data-testid=commit]').isDisabled(), 'a file with a bad row must not be written')
  await page.locator('[data-testid=again]').click()
  await page.locator('[data-testid=file]').setInputFiles({ name: 'orders.csv', mimeType: 'text/csv', buffer: Buffer.from(csv.replace('abc', '3.39')) })
  await page.locator('[data-testid=dry-run]').click()
  await page.locator('[data-testid=commit]:enabled').click()
  await page.locator('[data-testid=totals]').getByText(/一致/).first().waitFor()
  assert.equal(await page.locator('[data-testid=totals] .tag.bad').count(), 0)
  assert.deepEqual(await inspect(page, 'flow-import-done'), [])
  assert.deepEqual(complaints, [])
  await context.close()
})

test('SET-7 the run: unlock with a reason, calculate, a second person approves, lock', { timeout: 180_000 }, async () => {
  const people = {}
  for (const who of ['finance', 'hq']) {
    people[who] = await device(o.browser)
    await signIn(people[who].page, who)
  }
  /* Whoever the server allows this step to, other than `not`. */
  const actor = async (button, not) => {
    for (const who of ['finance', 'hq']) {
      if (who === not) continue
      const { page } = people[who]
      await page.goto('/settlement')
      await settled(page)
      const b = page.locator(`[data-testid=${button}]`)
      if ((await b.count()) && (await b.isEnabled())) return { page, who, b }
    }
    return null
  }
  const first = people.finance.page
  await first.goto('/settlement')
  await settled(first)
  const unlock = await actor('unlock')
  if (unlock) {
    await unlock.b.click()
    await unlock.page.locator('[data-testid=unlock-confirm]').click()
    await unlock.page.locator('.form-field .err').waitFor() // no reason, no unlocking
    await unlock.page.locator('#unlock-reason').fill('补录一笔退款')
    assert.deepEqual(await inspect(unlock.page, 'flow-run-unlock', { full: false }), [])
    await unlock.page.locator('[data-testid=unlock-confirm]').click()
    await unlock.page.locator('[data-testid=unlock-confirm]').waitFor({ state: 'hidden' })
  }
  const calculate = await actor('calculate')
  assert.ok(calculate, 'nobody may calculate')
  await calculate.b.click()
  await calculate.page.locator('[data-testid=progress]').waitFor({ timeout: 5000 }).then(() => calculate.page.screenshot({ path: new URL('../../build/screens/flow-run-progress.png', import.meta.url).pathname }), () => undefined)
  await calculate.page.locator('[data-testid=calculate]').waitFor({ timeout: 120_000 })
  await settled(calculate.page)
  assert.equal(await calculate.page.locator('[data-testid=run-error]').count(), 0)
  assert.ok((await calculate.page.locator('[data-testid=statements] tbody tr').count()) > 0)
  assert.deepEqual(await inspect(calculate.page, 'flow-run-calculated'), [])
  const own = calculate.page.locator('[data-testid=approve]')
  assert.ok(await own.isDisabled(), 'who calculated must not approve')
  const approve = await actor('approve', calculate.who)
  assert.ok(approve, 'nobody else may approve')
  await approve.b.click()
  await approve.page.locator('.el-message-box .el-button--primary').click()
  await approve.page.locator('[data-testid=approve]').waitFor({ state: 'detached' })
  const lock = await actor('lock')
  assert.ok(lock, 'nobody may lock')
  await lock.b.click()
  await lock.page.locator('.el-message-box .el-button--primary').click()
  await lock.page.locator('[data-testid=unlock]').waitFor()
  assert.deepEqual(await inspect(lock.page, 'flow-run-locked'), [])
  for (const { context, complaints } of Object.values(people)) {
    assert.deepEqual(complaints, [])
    await context.close()
  }
})

test('a locked statement is verified in the browser, and refuted when the server shows another amount', { timeout: 120_000 }, async (t) => {
  const { page, complaints, context } = await device(o.browser)
  await signIn(page, 'hq')
  const id = await page.evaluate(async () => {
    const periods = (await (await fetch('/api/v1/periods')).json()).items
    for (const p of periods.filter((x) => x.state === 'locked')) {
      const s = (await (await fetch('/api/v1/statements?limit=1&period=' + p.month)).json()).items[0]
      if (s && (await fetch(`/api/v1/statements/${s.id}/zip`)).ok) return s.id
    }
    return null
  })
  if (!id) return t.skip('no locked statement is in the log')
  await page.goto('/statements/' + id)
  await settled(page)
  const outcome = async () => {
    await page.locator('[data-testid=verify-run]').click()
    await page.locator('[data-testid=verdict]').waitFor()
    return page.locator('[data-testid=verdict]').getAttribute('data-outcome')
  }
  const first = await outcome()
  assert.equal(first, 'proven', await page.locator('[data-testid=verdict]').innerText())
  assert.deepEqual(await inspect(page, 'flow-verified'), [])
  // A server that shows one fen more than it logged.
  await page.route(new RegExp(`/api/v1/statements/${id}$`), async (route) => {
    const answer = await route.fetch()
    const body = await answer.json()
    await route.fulfill({ response: answer, json: { ...body, net_fen: body.net_fen + 1 } })
  })
  await page.reload()
  await settled(page)
  assert.equal(await outcome(), 'refuted')
  await page.unroute(new RegExp(`/api/v1/statements/${id}$`))
  // A server that names another key than the one this device remembers.
  await page.route('**/api/v1/me', async (route) => {
    const answer = await route.fetch()
    const body = await answer.json()
    await route.fulfill({ response: answer, json: { ...body, log: { ...body.log, vkey: body.log.vkey.replace(/.$/, (c) => (c === 'A' ? 'B' : 'A')) } } })
  })
  await page.reload()
  await settled(page)
  assert.equal(await outcome(), 'refuted')
  assert.deepEqual(await inspect(page, 'flow-refuted'), [])
  assert.deepEqual(complaints, [])
  await context.close()
})

test('COM-20 the plan page shows the published text beside each formula', { timeout: 60_000 }, async () => {
  const { page, context } = await device(o.browser)
  await signIn(page, 'hq')
  await page.goto('/playbooks')
  await settled(page)
  await page.locator('[data-testid=plans] a').first().click()
  await page.locator('[data-testid=plan-components] li').first().waitFor()
  assert.ok((await page.locator('[data-testid=plan-components] li').count()) >= 3)
  assert.deepEqual(await inspect(page, 'flow-plan'), [])
  await context.close()
})
