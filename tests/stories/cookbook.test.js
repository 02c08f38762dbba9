// docs/COOKBOOK.md: its shell blocks are run from top to bottom in one shell, and the lines of each
// block of output must appear in what the shell block above it printed, in order. And the links of all pages.
import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { test } from 'node:test'
import { cluster, program, root, temporary } from './kit.js'

const text = fs.readFileSync(path.join(root, 'docs/COOKBOOK.md'), 'utf8')

/** [{ line, code, expected: [line] }] of a page: fenced blocks `sh`, each with the `text` block that follows it. */
export function steps(page) {
  const found = []
  for (const m of page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)) {
    const line = page.slice(0, m.index).split('\n').length
    if (m[1] === 'sh') found.push({ line, code: m[2], expected: [] })
    else if (m[1] === 'text') {
      assert.ok(found.length, 'output stands after a block of shell')
      found.at(-1).expected = m[2].trimEnd().split('\n')
    } else assert.fail(`line ${line}: a block of ${m[1]} is not run`)
  }
  return found
}

/** The first expected line that does not appear, in order, or null. "…" stands for anything. */
export function missing(expected, output) {
  const lines = output.split('\n')
  let at = 0
  for (const want of expected) {
    const pattern = new RegExp(want.split('…').map((s) => s.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.*'))
    while (at < lines.length && !pattern.test(lines[at])) at++
    if (at === lines.length) return want
    at++
  }
  return null
}

const freePort = () => new Promise((resolve) => {
  const server = net.createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address()
    server.close(() => resolve(port))
  })
})

test('what is expected of an output is looked for, line by line and in order', () => {
  assert.equal(missing(['a …', 'c'], 'x\na 1\nb\nc\n'), null)
  assert.equal(missing(['c', 'a …'], 'a 1\nc\n'), 'a …')
  assert.equal(missing(['0 findings'], '1 findings'), '0 findings')
  assert.deepEqual(steps('```sh\nls\n```\n\n```text\nx\ny\n```\n'), [{ line: 1, code: 'ls\n', expected: ['x', 'y'] }])
})

test('the cookbook works as it is written', { timeout: 300_000, skip: cluster ? 'the cookbook is about SQLite' : false }, async (t) => {
  const folder = temporary(t)
  fs.mkdirSync(path.join(folder, 'bin'))
  fs.symlinkSync(path.resolve(program), path.join(folder, 'bin/qibing'))
  const all = steps(text)
  assert.ok(all.length >= 10)
  const script = ['set -eu', `trap 'kill \${SERVER:-} 2>/dev/null || true' EXIT`]
  all.forEach((s, i) => script.push(`printf '\\n@@ ${i}\\n'`, s.code))
  // Its own folder and port instead of those that people choose.
  const joined = script.join('\n')
    .replace(/^PATH=.*$/m, `PATH=${folder}/bin:$PATH`)
    .replace(/^AT=\S+/m, `AT=127.0.0.1:${await freePort()}`)
    .replace(/^W=\S+( -d\))?/m, `W=${folder}/w; mkdir -p $W`)
  const { code, output } = await new Promise((resolve) => {
    let output = ''
    const child = execFile('bash', ['-c', `exec 2>&1; ${joined}`], { cwd: root, timeout: 280_000, maxBuffer: 1 << 27, env: { ...process.env, LC_ALL: 'C.UTF-8' } },
      (error) => resolve({ code: error ? error.code ?? -1 : 0, output }))
    child.stdout.on('data', (d) => { output += d })
  })
  const parts = output.split(/^@@ (\d+)\n/m)
  const printed = {}
  for (let i = 1; i < parts.length; i += 2) printed[parts[i]] = (printed[parts[i]] ?? '') + parts[i + 1]
  all.forEach((s, i) => {
    if (printed[i] === undefined) return
    const lost = missing(s.expected, printed[i])
    assert.equal(lost, null, `docs/COOKBOOK.md:${s.line}: the output has no line "${lost}":\n${printed[i].slice(-2000)}`)
  })
  const reached = Object.keys(printed).length
  assert.equal(code, 0, `docs/COOKBOOK.md:${all[Math.max(reached - 1, 0)].line}: the step failed:\n${output.slice(-1500)}`)
  assert.equal(reached, all.length)
})

/** The anchor GitHub gives a heading. */
const anchor = (heading) => heading.trim().toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '').replace(/\s/g, '-')

test('every link and picture of a page leads to something', () => {
  const pages = execFileSync('git', ['ls-files', '*.md'], { cwd: root, encoding: 'utf8' }).trim().split('\n')
  const lost = []
  for (const page of pages) {
    const body = fs.readFileSync(path.join(root, page), 'utf8').replace(/^```[\s\S]*?^```$/gm, '')
    for (const [, a, b] of body.matchAll(/\]\(([^)\s]+)\)|<img src="([^"]+)"/g)) {
      const target = a ?? b
      if (/^[a-z]+:/.test(target)) continue
      const [file, hash] = target.split('#')
      const where = path.join(root, file ? path.join(path.dirname(page), decodeURI(file)) : page)
      if (!fs.existsSync(where)) lost.push(`${page}: ${target}`)
      else if (hash && ![...fs.readFileSync(where, 'utf8').matchAll(/^#+ (.*)$/gm)].some((m) => anchor(m[1]) === decodeURI(hash))) lost.push(`${page}: ${target}`)
    }
  }
  assert.deepEqual(lost, [])
  assert.ok(pages.length > 10)
})
