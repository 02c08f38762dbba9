// docs/PLANS.md is executed: every example gives the result that is printed below it.
import { test } from 'node:test'
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..')
const program = process.env.QIBING ?? path.join(root, 'build/qibing')
const page = fs.readFileSync(path.join(root, 'docs/PLANS.md'), 'utf8')

const both = { zh: '说明', en: 'explained' }
const files = {}
const examples = []
let tables, parameters = [], components, heading
for (const part of page.matchAll(/^### (.*)$|^```(\w+) ([\w.]+)\n([^]*?)^```$/gm)) {
  const [, title, , kind, text] = part
  if (title) heading = title
  else if (kind === 'tables') tables = JSON.parse(text)
  else if (kind === 'parameters') parameters = JSON.parse(text)
  else if (kind === 'components') components = JSON.parse(text)
  else if (kind === 'result') examples.push({ heading, parameters, components, result: text })
  else files[kind] = text
}

function run(t, plan) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'qibing-plans-'))
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(folder, name), text)
  fs.writeFileSync(path.join(folder, 'plan.json'), JSON.stringify(plan, null, 1))
  const r = spawnSync(program, ['settle', '--plan', path.join(folder, 'plan.json'), '--in', folder, '--out', path.join(folder, 'out')],
                      { encoding: 'utf8', timeout: 30000 })
  assert.equal(r.status, 0, r.stderr)
  return fs.readFileSync(path.join(folder, 'out/result.csv'), 'utf8')
}

function planOf(example) {
  const columns = example.result.split('\n')[0].split(',')
  const list = example.components.map((c) => (c.kind === 'join' ? c : { title: both, text: both, ...c }))
  return {
    plan: 'page', title: both, effective: { from: '2026-10-01' }, person: 'people',
    result: list.findLast((c) => c.on === 'people')?.name ?? 'rank',
    limits: { max_levels: 2, acknowledgement: { by: 'a', on: '2026-01-01', text: 'b' } },
    parameters: example.parameters, tables, components: list,
    outputs: [{ file: 'result.csv', table: columns[0] === 'line' ? 'lines' : 'people', columns }],
  }
}

test('the page has an example of every kind', () => {
  const kinds = new Set(examples.flatMap((e) => e.components.map((c) => c.kind)))
  assert.deepEqual([...kinds].sort(), ['count', 'daily', 'formula', 'join', 'override', 'sum', 'tiers'])
})

for (const example of examples)
  test('docs/PLANS.md ' + example.heading, (t) => assert.equal(run(t, planOf(example)), example.result))

// The schema is the published shape: the shipped plans fit it, and what it forbids the program refuses.
const schema = JSON.parse(fs.readFileSync(path.join(root, 'docs/plan.schema.json'), 'utf8'))

function fits(shape, value, at = '$') {
  if (shape.$ref) return fits(shape.$ref.split('/').slice(1).reduce((s, k) => s[k], schema), value, at)
  const problems = []
  if (shape.oneOf) {
    const tries = shape.oneOf.map((s) => fits(s, value, at))
    const good = tries.filter((t) => t.length === 0).length
    return good === 1 ? [] : [`${at}: fits ${good} of ${tries.length} shapes: ${tries.flat().slice(0, 3).join('; ')}`]
  }
  const type = Array.isArray(value) ? 'array' : value === null ? 'null' : Number.isInteger(value) ? 'integer' : typeof value
  if (shape.type && ![].concat(shape.type).some((t) => t === type || (t === 'number' && type === 'integer')))
    return [`${at}: ${type}, not ${shape.type}`]
  if (shape.const !== undefined && shape.const !== value) problems.push(`${at}: not ${shape.const}`)
  if (shape.enum && !shape.enum.includes(value)) problems.push(`${at}: ${value} is not listed`)
  if (shape.pattern && typeof value === 'string' && !new RegExp(shape.pattern, 'u').test(value)) problems.push(`${at}: pattern`)
  if (shape.minimum !== undefined && value < shape.minimum) problems.push(`${at}: below ${shape.minimum}`)
  if (shape.maximum !== undefined && value > shape.maximum) problems.push(`${at}: above ${shape.maximum}`)
  if (shape.minItems !== undefined && value.length < shape.minItems) problems.push(`${at}: too few`)
  if (type === 'array' && shape.items) value.forEach((v, i) => problems.push(...fits(shape.items, v, `${at}[${i}]`)))
  if (type === 'object') {
    for (const key of shape.required ?? []) if (!(key in value)) problems.push(`${at}.${key}: missing`)
    for (const [key, v] of Object.entries(value)) {
      if (shape.properties?.[key]) problems.push(...fits(shape.properties[key], v, `${at}.${key}`))
      else if (shape.additionalProperties === false) problems.push(`${at}.${key}: unknown`)
      else if (typeof shape.additionalProperties === 'object') problems.push(...fits(shape.additionalProperties, v, `${at}.${key}`))
    }
  }
  return problems
}

for (const name of ['settle-month', 'squads'])
  test(`examples/${name}/plan.json fits the schema`, () => {
    const plan = JSON.parse(fs.readFileSync(path.join(root, 'examples', name, 'plan.json'), 'utf8'))
    assert.deepEqual(fits(schema, plan), [])
  })

test('the schema refuses what the program refuses', () => {
  const good = planOf(examples[0])
  assert.deepEqual(fits(schema, good), [])
  const spoil = [
    (p) => { p.limits.max_levels = 3 }, (p) => { delete p.title.zh }, (p) => { p.components[0].kind = 'magic' },
    (p) => { delete p.components[0].text }, (p) => { p.components[0].colour = 1 }, (p) => { p.tables[0].columns[0].type = 'float' },
    (p) => { p.outputs = [] }, (p) => { p.components[0].rounding = 'sometimes' },
  ]
  for (const change of spoil) {
    const plan = structuredClone(good)
    change(plan)
    assert.notDeepEqual(fits(schema, plan), [], change.toString())
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'qibing-plans-'))
    fs.writeFileSync(path.join(folder, 'plan.json'), JSON.stringify(plan))
    const r = spawnSync(program, ['settle', '--plan', path.join(folder, 'plan.json'), '--in', folder, '--out', path.join(folder, 'out')],
                        { encoding: 'utf8' })
    fs.rmSync(folder, { recursive: true })
    assert.equal(r.status, 1, change.toString())
    assert.match(r.stderr, /plan\.json:\d+:\d+: /, change.toString())
  }
})
