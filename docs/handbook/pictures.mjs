/*
 * Takes the pictures of the handbook from the demo company, in Chinese and English.
 *
 *     build/qibing demo --data /tmp/demo && build/qibing serve --data /tmp/demo --listen 127.0.0.1:8080
 *     QIBING_URL=http://127.0.0.1:8080 QIBING_DEMO=/tmp/demo/demo.json node docs/handbook/pictures.mjs [name…]
 *
 * Needs the packages of tests/screens (make test installs them) and Chromium. Changes nothing in the company but sign-ins.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const { chromium } = createRequire(new URL('../../tests/screens/package.json', import.meta.url))('playwright-core')
const base = process.env.QIBING_URL ?? 'http://127.0.0.1:8080'
const demo = JSON.parse(readFileSync(process.env.QIBING_DEMO ?? 'qibing-data/demo.json', 'utf8'))
const out = fileURLToPath(new URL('img/', import.meta.url))
const only = process.argv.slice(2)
const DESK = { viewport: { width: 1280, height: 800 } }
const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true }

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--font-render-hinting=none'] })
const settled = async (page) => {
  await page.waitForLoadState('networkidle')
  await page.waitForFunction(() => !document.querySelector('[data-testid=state-loading]'))
  await page.waitForTimeout(500)
}
const fill = async (page, id, value) => {
  const box = page.locator(`[data-testid=${id}]`)
  if (!(await box.count())) return
  await ((await box.evaluate((e) => e.tagName)) === 'INPUT' ? box : box.locator('input')).fill(value)
}
const get = (page, path) => page.evaluate(async (p) => (await fetch('/api/v1' + p)).json(), path)

async function session(lang, who, phone, steps) {
  const context = await browser.newContext({ baseURL: base, locale: lang === 'zh' ? 'zh-CN' : 'en-GB', timezoneId: 'Asia/Shanghai', reducedMotion: 'reduce', ...(phone ? PHONE : DESK) })
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  await page.addInitScript((l) => localStorage.setItem('qibing.locale', l), lang)
  const shot = async (name, options = {}) => {
    if (only.length && !only.includes(name)) return
    await settled(page)
    await page.screenshot({ path: `${out}${name}-${lang}.png`, ...options })
    console.log(`${name}-${lang}`)
  }
  const login = demo.logins.find((l) => l.name === who)
  await page.goto((phone ? '/m' : '') + '/sign-in')
  await page.locator('[data-testid=name]').waitFor()
  await fill(page, 'org', demo.code)
  await fill(page, 'name', login.name)
  if (who === 'hq') await shot('sign-in')
  await fill(page, 'password', login.password)
  await page.locator('[data-testid=submit]').click()
  await page.waitForURL((url) => !url.pathname.endsWith('/sign-in'))
  try {
    await steps(page, shot)
  } catch (problem) {
    console.log(`${who} ${lang}: ${problem.message.split('\n')[0]}`)
    process.exitCode = 1
  }
  await context.close()
}

for (const lang of ['zh', 'en']) {
  await session(lang, 'hq', false, async (page, shot) => {
    await page.goto('/overview?month=2026-10')
    await shot('overview')
    const region = (await get(page, '/overview?month=2026-10')).children?.[0]
    if (region) await page.goto(`/overview?month=2026-10&unit=${region.id}`)
    await shot('region')
    await page.goto('/settlement/2026-10')
    await shot('settlement')
    const statement = (await get(page, '/statements?limit=1&period=2026-10')).items[0]
    await page.goto('/statements/' + statement.id)
    await settled(page)
    await page.locator('[data-testid=why-line]').first().click()
    await page.locator('[data-testid=explain]').first().waitFor()
    await shot('why')
    await page.keyboard.press('Escape')
    await page.locator('[data-testid=verify-run]').click()
    await page.locator('[data-testid=verdict]').waitFor()
    await page.locator('[data-testid=verdict]').scrollIntoViewIfNeeded()
    await shot('verified')
    await page.goto('/playbooks')
    await settled(page)
    await page.locator('[data-testid=plans] a').first().click()
    await page.locator('[data-testid=plan-components] li').first().waitFor()
    await shot('plan')
    await page.goto('/r/customers')
    await shot('customers')
  })
  await session(lang, 'finance', false, async (page, shot) => {
    await page.goto('/orders/import')
    await settled(page)
    const csv = ['InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country', '900001,85123A,WHITE HANGING HEART T-LIGHT HOLDER,6,2026-11-03 08:26:00,2.55,17850,United Kingdom', '900001,71053,WHITE METAL LANTERN,6,2026-11-03 08:26:00,abc,17850,United Kingdom'].join('\r\n') + '\r\n'
    await page.locator('[data-testid=file]').setInputFiles({ name: 'orders.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) })
    await page.locator('[data-testid=dry-run]').click()
    await page.locator('[data-testid=import-errors]').waitFor()
    await shot('import')
  })
  await session(lang, 'supervisor', false, async (page, shot) => {
    await page.goto('/overview?month=2026-10')
    await shot('supervisor')
  })
  await session(lang, 'promoter', true, async (page, shot) => {
    await page.goto('/m/')
    await page.locator('[data-testid=period-net]').waitFor()
    await shot('phone-earnings')
    if (await page.locator('[data-testid=line]').count()) {
      await page.locator('[data-testid=line]').first().click()
      await page.locator('[data-testid=explain]').waitFor()
      await shot('phone-why')
      await page.locator('[data-testid=sheet-close]').click()
    }
    const last = page.locator('[data-testid=last]')
    if (await last.count()) {
      await last.click()
      await page.locator('[data-testid=verify-run]').click()
      await page.locator('[data-testid=verdict]').waitFor()
      await page.locator('[data-testid=verdict]').scrollIntoViewIfNeeded()
      await shot('phone-verified')
    }
  })
}
await browser.close()
