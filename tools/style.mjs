// The limits of the house, checked: file and function length, line width, direction of includes,
// no mutable state outside src/app, no SQL put together outside the entity engine, no words about the
// workplace. Prints one line per finding and `N passed, N failed`.
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

function checkFunctions(file, lines) {
  let start = -1
  lines.forEach((text, i) => {
    if (text === '{') start = i
    if (text === '}' && start >= 0) {
      checks++
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

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { encoding: 'utf8' }).split('\n').filter(Boolean)
for (const file of files) {
  const code = /\.(c|h)$/.test(file), web = /\.(ts|vue|mjs|js)$/.test(file) && !/package-lock|\.gen\./.test(file)
  if (!code && !web) continue
  let text
  try { text = readFileSync(file, 'utf8') } catch { continue }
  const lines = text.split('\n')
  checks++
  if (lines.length > FILE_LINES + 1) tell(file, FILE_LINES, `${lines.length - 1} lines; at most ${FILE_LINES}`)
  if (!code) continue
  lines.forEach((l, i) => { if ([...l].length > COLUMNS) tell(file, i + 1, `${[...l].length} columns; at most ${COLUMNS}`) })
  checkIncludes(file, lines)
  checkFunctions(file, lines)
  checkState(file, lines)
  checkSql(file, lines)
}

for (const finding of findings) console.log(finding)
console.log(`style: ${checks} passed, ${findings.length} failed`)
process.exit(findings.length ? 1 : 0)
