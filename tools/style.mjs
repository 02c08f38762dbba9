// The limits of the house, checked: file and function length, line width, direction of includes,
// no mutable state outside src/app, no SQL put together outside the entity engine, every variable of
// the environment in a manual, no paths of one machine, no addresses of packages in lock files.
// Prints the shares of comments and the lengths of functions to read, one line per finding, and
// `N passed, N failed`. `--figures` adds the shares per folder.
import { readFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'

const FILE_LINES = 500, FUNCTION_LINES = 70, COLUMNS = 100

// A folder may include itself and what stands before it in its list.
const may = {
  base: [], db: ['base'], http: ['base'],
  'engine/formula': ['base'], 'engine/merkle': ['base'], 'engine/plan': ['base', 'engine/formula'],
  entity: ['base', 'db', 'http'],
  core: ['base', 'db', 'http', 'entity', 'engine/formula', 'engine/merkle', 'engine/plan'],
  mod: ['base', 'db', 'http', 'entity', 'core', 'engine/formula', 'engine/merkle', 'engine/plan'],
  app: ['*'],
}
// Sideways, written and acyclic: who may know whom among modules of one rank.
const sideways = {
  'core/org': [], 'core/identity': ['core/org', 'core/setting', 'core/job', 'core/proof'], 'core/job': ['core/setting'], 'core/file': ['core/setting'], 'core/setting': [],
  'core/calendar': [], 'core/proof': [], 'core/playbook': ['core/org', 'core/identity', 'core/job', 'core/proof'],
  'mod/catalog': [], 'mod/customer': [], 'mod/sales': ['mod/catalog', 'mod/customer'],
  'mod/settlement': ['mod/sales', 'mod/catalog', 'mod/customer'],
}

let checks = 0
const findings = []
const tell = (file, line, text) => findings.push(`${file}:${line}: ${text}`)

const layerOf = (path) => Object.keys(may).filter((l) => path.startsWith(l + '/')).sort((a, b) => b.length - a.length)[0]
const moduleOf = (path) => path.split('/').slice(0, 2).join('/')

function checkIncludes(file, lines) {
  const own = file.replace(/^src\//, '')
  const layer = layerOf(own)
  if (!layer || may[layer][0] === '*') return
  lines.forEach((text, i) => {
    const target = text.match(/^#include "([^"]+)"/)?.[1]
    const into = target && layerOf(target)
    if (!into) return
    checks++
    if (into !== layer) {
      if (!may[layer].includes(into)) tell(file, i + 1, `${layer} must not include ${target}`)
    } else if (moduleOf(own) in sideways && moduleOf(target) !== moduleOf(own) && moduleOf(target) in sideways) {
      if (!sideways[moduleOf(own)].includes(moduleOf(target))) tell(file, i + 1, `${moduleOf(own)} must not include ${target}`)
    }
  })
}

const lengths = []
function checkFunctions(file, lines) {
  let start = -1
  lines.forEach((text, i) => {
    if (text === '{') start = i
    if (text === '}' && start >= 0) {
      checks++
      lengths.push(i - start + 1)
      // From the line of the name, which stands just above the brace (or above its wrapped arguments).
      if (i - start + 1 > FUNCTION_LINES) tell(file, start, `a function of ${i - start + 1} lines; at most ${FUNCTION_LINES}`)
      start = -1
    }
  })
}

function checkState(file, lines) {
  if (file.startsWith('src/app/') || /_test\.c$|\/tests\//.test(file) || file === 'src/base/test.c' || !file.startsWith('src/')) return
  lines.forEach((text, i) => {
    if (/^static (?!const\b|inline\b|_Thread_local const\b)[^()]*(=|;)\s*.*$/.test(text) && !/\bconst\b/.test(text) && !text.includes('(')) {
      if (file === 'src/base/log.c') return // the log level: explained there
      tell(file, i + 1, 'mutable state of a file outside src/app')
    }
  })
}

function checkSql(file, lines) {
  if (!file.startsWith('src/') || /^src\/(entity|db)\//.test(file) || file.endsWith('_test.c')) return
  lines.forEach((text, i) => {
    if (/\bdb_(run|query)_text\b/.test(text)) tell(file, i + 1, 'SQL from text outside src/entity and src/db')
  })
}

// What a program or a test reads from its environment stands in a manual: a variable that only tests
// know (a clock, a seed) is a door that somebody must know of.
const manuals = execFileSync('git', ['ls-files', '*.md'], { encoding: 'utf8' }).split('\n').filter(Boolean)
  .map((f) => { try { return readFileSync(f, 'utf8') } catch { return '' } }).join('\n')
function checkEnvironment(file, lines) {
  lines.forEach((text, i) => {
    for (const [, c, js] of text.matchAll(/getenv\("(QIBING_\w+)"\)|process\.env\.(QIBING_\w+)/g)) {
      checks++
      if (!new RegExp(`\\b${c ?? js}\\b`).test(manuals)) tell(file, i + 1, `${c ?? js} stands in no manual`)
    }
  })
}

// The project knows no machine but the reader's. This file names the patterns in pieces.
const places = new RegExp(['/wo' + 'rk/', '\\.lib' + 'rary\\b', '/tmp/(brief|build-)'].join('|'))
function checkPlaces(file, lines) {
  checks++
  lines.forEach((text, i) => { if (places.test(text)) tell(file, i + 1, 'names a path of one machine') })
}

// Packages come from whatever registry the builder has chosen.
function checkLock(file, text) {
  checks++
  if (text.includes('"resolved":')) tell(file, 1, 'a lock file with addresses: remove "resolved"')
}

// Comment lines and all lines that are not blank, per folder of C.
const shares = new Map()
function countComments(file, lines) {
  const folder = file.slice(0, file.lastIndexOf('/'))
  const of = shares.get(folder) ?? { comments: 0, lines: 0 }
  let inside = false
  for (const text of lines.map((l) => l.trim()).filter(Boolean)) {
    of.lines++
    if (inside || text.startsWith('//') || text.includes('/*')) of.comments++
    if (text.includes('/*')) inside = true
    if (text.includes('*/')) inside = false
  }
  shares.set(folder, of)
}

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { encoding: 'utf8' }).split('\n').filter(Boolean)
for (const file of files) {
  const code = /\.(c|h)$/.test(file), web = /\.(ts|vue|mjs|js)$/.test(file) && !/package-lock|\.gen\./.test(file)
  let text
  try { text = readFileSync(file, 'utf8') } catch { continue }
  const lines = text.split('\n')
  if (!text.includes('\0')) checkPlaces(file, lines)
  if (file.endsWith('package-lock.json')) checkLock(file, text)
  if (!code && !web) continue
  checkEnvironment(file, lines)
  checks++
  if (lines.length > FILE_LINES + 1) tell(file, FILE_LINES, `${lines.length - 1} lines; at most ${FILE_LINES}`)
  if (!code) continue
  lines.forEach((l, i) => { if ([...l].length > COLUMNS) tell(file, i + 1, `${[...l].length} columns; at most ${COLUMNS}`) })
  checkIncludes(file, lines)
  checkFunctions(file, lines)
  checkState(file, lines)
  checkSql(file, lines)
  if (!/_test\.c$|\/tests?\//.test(file) && !file.startsWith('tests/')) countComments(file, lines)
}

const percent = (of) => `${Math.round((of.comments / of.lines) * 100)} %`
const all = [...shares.values()].reduce((a, b) => ({ comments: a.comments + b.comments, lines: a.lines + b.lines }))
lengths.sort((a, b) => a - b)
const quantile = (q) => lengths[Math.floor(q * (lengths.length - 1))]
if (process.argv.includes('--figures'))
  for (const [folder, of] of [...shares].sort()) console.log(`${percent(of).padStart(5)} comments in ${folder} (${of.lines} lines)`)
console.log(`comments ${percent(all)} of ${all.lines} lines of C; functions: median ${quantile(0.5)}, p90 ${quantile(0.9)}, longest ${lengths.at(-1)}`)
for (const finding of findings) console.log(finding)
console.log(`style: ${checks} passed, ${findings.length} failed`)
process.exit(findings.length ? 1 : 0)
