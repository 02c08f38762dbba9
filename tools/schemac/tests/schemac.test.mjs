// The compiler of descriptions: what it must refuse, with the exact line, and what it makes.
//   node --test tools/schemac/tests        SCHEMAC=build/schemac, CC=gcc
// UPDATE=1 writes the golden files again: read the difference before you commit it.
import { test } from 'node:test'
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const top = resolve(here, '../../..')
const schemac = resolve(process.env.SCHEMAC ?? join(top, 'build/schemac'))

function tree(t, files) {
  const root = mkdtempSync(join(tmpdir(), 'schemac-'))
  t.after(() => rmSync(root, { recursive: true }))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, 'src', path)), { recursive: true })
    writeFileSync(join(root, 'src', path), text)
  }
  const run = (...options) => spawnSync(schemac, ['--root', join(root, 'src'), '--out', join(root, 'gen'), ...options,
    ...Object.keys(files).map((p) => join(root, 'src', p))], { encoding: 'utf8' })
  return { root, gen: join(root, 'gen'), run }
}

const base = readFileSync(join(here, 'base.entity'), 'utf8')
const everything = () => Object.fromEntries([['base/base.entity', base],
  ...readdirSync(join(here, 'ok')).map((f) => [`visit/${f}`, readFileSync(join(here, 'ok', f), 'utf8')])])

for (const file of readdirSync(join(here, 'fail')).sort()) {
  test(`refused: ${file}`, (t) => {
    const text = readFileSync(join(here, 'fail', file), 'utf8')
    const wanted = [...text.matchAll(/^(?:#|--) expect: (\d+): (.*)$/gm)].map((m) => `src/x/${file}:${m[1]}: error: ${m[2]}`)
    assert.ok(wanted.length > 0, 'the file names what it expects')
    const { run, gen } = tree(t, { 'base/base.entity': base, [`x/${file}`]: readFileSync(join(here, 'fail', file)) })
    const result = run()
    assert.deepEqual(result.stderr.trimEnd().split('\n'), wanted)
    assert.equal(result.status, 1)
    assert.ok(!existsSync(gen), 'nothing is written when there is a mistake')
  })
}

test('what it makes is what it made, file by file', (t) => {
  const { run, gen } = tree(t, everything())
  const result = run('--name', 'sample')
  assert.equal(result.stderr, '')
  const made = readdirSync(gen, { recursive: true }).filter((f) => statSync(join(gen, f)).isFile()).sort()
  if (process.env.UPDATE) {
    rmSync(join(here, 'golden'), { recursive: true, force: true })
    for (const file of made) {
      mkdirSync(dirname(join(here, 'golden', file)), { recursive: true })
      cpSync(join(gen, file), join(here, 'golden', file + '.txt'))
    }
  }
  const golden = readdirSync(join(here, 'golden'), { recursive: true }).filter((f) => statSync(join(here, 'golden', f)).isFile()).sort()
  assert.deepEqual(made.map((f) => f + '.txt'), golden)
  for (const file of made)
    assert.equal(readFileSync(join(gen, file), 'utf8'), readFileSync(join(here, 'golden', file + '.txt'), 'utf8'), file)
})

test('the generated C compiles without a warning, and its tables hold together', (t) => {
  const { run, gen, root } = tree(t, everything())
  run('--name', 'sample')
  const flags = ['-std=c17', '-D_GNU_SOURCE', `-I${gen}`, `-I${join(top, 'src')}`, '-Wall', '-Wextra', '-Wconversion', '-Wshadow',
    '-Wswitch-enum', '-Wmissing-prototypes', '-Wstrict-prototypes', '-Wformat=2', '-Werror']
  const sources = readdirSync(gen, { recursive: true }).filter((f) => f.endsWith('.c')).map((f) => join(gen, f))
  const program = join(root, 'tables')
  execFileSync(process.env.CC ?? 'gcc', [...flags, join(here, 'tables.c'), ...sources, '-o', program], { stdio: 'inherit' })
  assert.equal(execFileSync(program, { encoding: 'utf8' }), 'ok\n')
})

test('the OpenAPI document refers only to what it holds, and every operation names its permission', (t) => {
  const { run, gen } = tree(t, everything())
  run()
  const doc = JSON.parse(readFileSync(join(gen, 'openapi.json'), 'utf8'))
  for (const [, name] of JSON.stringify(doc).matchAll(/#\/components\/schemas\/(\w+)/g)) assert.ok(name in doc.components.schemas, name)
  const operations = Object.values(doc.paths).flatMap((p) => Object.values(p))
  assert.equal(operations.length, 28)
  for (const o of operations) assert.match(o['x-permission'], /^\w+\.\w+$/)
  const ids = operations.map((o) => o.operationId)
  assert.equal(new Set(ids).size, ids.length)
})

test('a second run touches nothing', (t) => {
  const { run, gen } = tree(t, everything())
  run()
  const times = () => readdirSync(gen, { recursive: true }).map((f) => [f, statSync(join(gen, f)).mtimeNs ?? statSync(join(gen, f)).mtimeMs])
  const before = times()
  run()
  assert.deepEqual(times(), before)
})

test('the order of the files on the command line changes nothing', (t) => {
  const a = tree(t, everything()), b = tree(t, Object.fromEntries(Object.entries(everything()).reverse()))
  a.run(), b.run()
  for (const file of ['model.gen.c', 'draft.sql', 'openapi.json', 'visit/visit.gen.c'])
    assert.equal(readFileSync(join(a.gen, file), 'utf8'), readFileSync(join(b.gen, file), 'utf8'))
})

const draftOf = (made) => readFileSync(join(made.gen, 'draft.sql'), 'utf8')

test('a saved draft is a migration after which nothing is left to do', (t) => {
  const first = tree(t, everything())
  first.run()
  const saved = tree(t, { ...everything(), 'app/migrations/0001_begin.sql': draftOf(first) })
  assert.equal(saved.run('--settled').stderr, '')
  assert.equal(draftOf(saved), '')
})

test('a new code of an enum is told, with the CHECK that the table lacks', (t) => {
  const first = tree(t, everything())
  first.run()
  const files = everything()
  files['visit/visit.entity'] = files['visit/visit.entity'].replace('  c  "暂', '  d  "丁 | D"\n  c  "暂')
  const next = tree(t, { ...files, 'app/migrations/0001_begin.sql': draftOf(first) })
  next.run()
  assert.equal(draftOf(next), "-- visit: the table lacks CHECK (grade IN ('a', 'b', 'd', 'c')): rebuild it\n")
})

test('a column that nobody describes any more is told', (t) => {
  const first = tree(t, { 'base/base.entity': base })
  first.run()
  const next = tree(t, { 'base/base.entity': base.replace(/ {2}kind .*\n/, '  sort_of text 40 "类 | Sort"\n'), 'app/migrations/0001_begin.sql': draftOf(first) })
  next.run()
  assert.equal(draftOf(next), 'ALTER TABLE job ADD COLUMN sort_of TEXT CHECK (length(sort_of) <= 40);\n-- job.kind is not described: drop it?\n')
})

test('the migrations of the project make what its descriptions say', () => {
  const files = readdirSync(join(top, 'src'), { recursive: true }).filter((f) => /\.(entity|settings|events|sql)$/.test(f) && !/(^|\/)tests?\//.test(f))
  const result = spawnSync(schemac, ['--root', join(top, 'src'), '--check', '--settled', ...files.map((f) => join(top, 'src', f))], { encoding: 'utf8' })
  assert.equal(result.stderr, '')
})

test('two entities that refer to each other: the second reference has no foreign key', (t) => {
  const made = tree(t, { 'x/x.entity': 'entity a "甲 | A"\n  b ref b required "乙 | B"\n\nentity b "乙 | B"\n  a ref a "甲 | A"\n' })
  assert.equal(made.run().stderr, '')
  assert.match(draftOf(made), /CREATE TABLE b[^;]*;\n-- b\.a_id has no foreign key: a refers back to b\.\n/)
  assert.match(draftOf(made), /CREATE TABLE a[^;]*FOREIGN KEY \(org, b_id\) REFERENCES b \(org, id\)/)
})

test('a new column and a new index appear in the draft', (t) => {
  const first = tree(t, { 'base/base.entity': base })
  first.run()
  const later = base.replace('"姓名 | Name"', '"姓名 | Name"\n  level  int 1..9 = 1  "级别 | Level"\n  score  int 0..100  "得分 | Score"\n  index  level')
  const next = tree(t, { 'base/base.entity': later, 'app/migrations/0001_begin.sql': draftOf(first) })
  assert.equal(next.run().stderr, '')
  assert.equal(draftOf(next), [
    'ALTER TABLE person ADD COLUMN level INT NOT NULL CHECK (level BETWEEN 1 AND 9) DEFAULT 1;',
    'ALTER TABLE person ADD COLUMN score INT CHECK (score BETWEEN 0 AND 100);',
    'CREATE INDEX person_i_level ON person (org, level);', ''].join('\n'))
  assert.match(next.run('--settled').stderr, /the migrations do not make what the descriptions say/)
})

test('the example of docs/DESCRIPTIONS.md is a description', (t) => {
  const text = readFileSync(join(top, 'docs/DESCRIPTIONS.md'), 'utf8')
  const entity = text.match(/```\n(# A call[^]*?)```/)[1], sql = text.match(/```sql\n([^]*?)```/)[1]
  const event = text.match(/```\n(event [^]*?)```/)[1], setting = text.match(/```\n(setting [^]*?)```/)[1]
  const { run } = tree(t, { 'base/base.entity': base + '\nentity customer "客户 | Customer"\n  name text 9 "名 | Name"\n',
    'visit/visit.entity': entity, 'visit/visit.sql': sql, 'visit/visit.events': event, 'visit/visit.settings': setting })
  assert.equal(run().stderr, '')
})

test('migrations: broken SQL, a bad name, the same number twice', (t) => {
  const cases = [
    ['0001_begin.sql', 'CREATE TABLE;', /0001_begin\.sql:1: error: the migration fails: near ";"/],
    ['begin.sql', 'SELECT 1;', /begin\.sql:1: error: a migration is called NNNN_name\.sql/],
  ]
  for (const [name, text, message] of cases)
    assert.match(tree(t, { 'base/base.entity': base, [`app/migrations/${name}`]: text }).run().stderr, message)
  const twice = tree(t, { 'a/migrations/0001_one.sql': '', 'b/migrations/0001_two.sql': '', 'base/base.entity': base })
  assert.match(twice.run().stderr, /0001_two\.sql:1: error: migration 1 stands already: src\/a\/migrations\/0001_one\.sql/)
})

test('wrong use is told apart from mistakes', () => {
  assert.equal(spawnSync(schemac, ['--nonsense']).status, 2)
  assert.equal(spawnSync(schemac, []).status, 2)
})
