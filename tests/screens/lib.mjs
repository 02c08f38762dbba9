/*
 * Drives the pages in Debian's Chromium against a running server.
 *
 *     QIBING_URL     http://127.0.0.1:8080
 *     QIBING_LOGINS  {"org": "demo", "hq": ["name", "password"], "finance": […], "supervisor": […], "promoter": […]}
 *
 * Without them the pages run against the stand-in of ui/dev (needs ui/dist), so that they can be worked on alone. Pictures go to build/screens/.
 */
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
export const OUT = process.env.QIBING_SCREENS ?? fileURLToPath(new URL('../../build/screens/', import.meta.url))
mkdirSync(OUT, { recursive: true })
export const DESK = { width: 1440, height: 900 }
export const NARROW = { width: 360, height: 740 }

let base = process.env.QIBING_URL
let logins = process.env.QIBING_LOGINS ? JSON.parse(process.env.QIBING_LOGINS) : null
let standIn = null
export const real = !!base

export async function open() {
  if (!base) {
    const { start } = await import('../../ui/dev/mock.mjs')
    standIn = await start(Number(process.env.QIBING_MOCK_PORT ?? 23017))
    base = `http://127.0.0.1:${standIn.address().port}`
    logins = { org: 'demo', ...Object.fromEntries(['hq', 'finance', 'supervisor', 'promoter'].map((n) => [n, [n, 'demo-2026']])) }
  }
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--font-render-hinting=none'] })
  return {
    browser,
    async close() {
      await browser.close()
      standIn?.closeAllConnections()
      standIn?.close()
    },
  }
}

/* A fresh device: own storage, Chinese, Shanghai. Collects what the page complains about. */
export async function device(browser, size = DESK, more = {}) {
  const context = await browser.newContext({ baseURL: base, viewport: size, locale: 'zh-CN', timezoneId: 'Asia/Shanghai', reducedMotion: 'reduce', acceptDownloads: true, ...more })
  const page = await context.newPage()
  page.setDefaultTimeout(15_000)
  const complaints = []
  page.on('pageerror', (e) => complaints.push('page error: ' + e.message))
  page.on('console', (m) => {
    // An answer like 403 or 404 is reported by the browser itself and is often what the test is about.
    if (m.type() === 'error' && !/Failed to load resource/.test(m.text())) complaints.push('console: ' + m.text())
  })
  page.on('request', (r) => {
    if (!r.url().startsWith(base) && !/^(data|blob):/.test(r.url())) complaints.push('leaves the server: ' + r.url())
  })
  return { context, page, complaints }
}

export async function signIn(page, who, phone = false) {
  const [name, password] = logins[who]
  await page.goto((phone ? '/m' : '') + '/sign-in')
  await page.locator('[data-testid=name]').waitFor()
  const org = page.locator('[data-testid=org]')
  const fill = async (id, value) => {
    const box = page.locator(`[data-testid=${id}]`)
    await ((await box.evaluate((e) => e.tagName)) === 'INPUT' ? box : box.locator('input')).fill(value)
  }
  if (await org.count()) await fill('org', logins.org)
  await fill('name', name)
  await fill('password', password)
  await page.locator('[data-testid=submit]').click()
  await page.waitForURL((url) => !url.pathname.endsWith('/sign-in'))
}

export const settled = async (page) => {
  await page.waitForLoadState('networkidle')
  await page.waitForFunction(() => !document.querySelector('[data-testid=state-loading]'))
  await page.waitForTimeout(350)
}

/* The page must fit its window, and axe must find nothing serious. Keeps a picture. */
export async function inspect(page, name, { full = true, context = undefined } = {}) {
  await settled(page)
  await page.screenshot({ path: `${OUT}/${name}.png`, fullPage: full })
  const findings = []
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  if (over > 0) findings.push(`${name}: ${over} px wider than the window`)
  const result = await axe(page, context)
  for (const v of result) findings.push(`${name}: ${v.impact} ${v.id}: ${v.nodes.slice(0, 3).map((n) => n.target.join(' ') + ' ' + (n.any[0]?.message ?? n.all[0]?.message ?? '')).join(' | ')}`)
  return findings
}

/* Evaluated in the page by the debugger, which the content security policy does not bind. */
async function axe(page, context) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axeSource)
  return page.evaluate(async (where) => {
    const out = await window.axe.run(where ?? document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'], resultTypes: ['violations'] })
    return out.violations.filter((v) => v.impact === 'serious' || v.impact === 'critical').map((v) => ({ id: v.id, impact: v.impact, nodes: v.nodes.map((n) => ({ target: n.target, any: n.any.map((a) => ({ message: a.message })), all: n.all.map((a) => ({ message: a.message })) })) }))
  }, context)
}
