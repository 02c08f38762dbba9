// A demo company that was cut off is never taken for a whole one.
import { test } from 'node:test'
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import fs from 'node:fs'
import path from 'node:path'
import { program, run, temporary } from './kit.js'

const small = (folder) => ['demo', '--data', folder, '--months', '1']

// Until there are tables and keys, so that the folder looks like one in use.
async function begun(folder) {
  for (let i = 0; i < 600 && !fs.existsSync(path.join(folder, 'keys/master.key')); i++) await sleep(20)
}

test('a demo killed half way is refused by all commands and begun anew by the next', async (t) => {
  const folder = path.join(temporary(t), 'demo')
  const child = spawn(program, small(folder), { stdio: 'ignore' })
  await begun(folder)
  const busy = await run(small(folder))
  assert.equal(busy.code, 1)
  assert.match(busy.err, /another `qibing demo` is at work/)
  child.kill('SIGKILL')
  await once(child, 'exit')
  for (const args of [['serve', '--listen', '127.0.0.1:0'], ['check'], ['org', 'add', 'x', 'X', '--admin', 'a']]) {
    const refused = await run([...args, '--data', folder], { timeout: 20_000 })
    assert.equal(refused.code, 1, `${args[0]}: ${refused.err}`)
    assert.match(refused.err, /is not finished: `qibing demo --data .*` begins it anew/)
  }
  const again = await run(small(folder))
  assert.equal(again.code, 0, again.err)
  assert.match(again.err, /that was not finished/)
  assert.equal(fs.existsSync(path.join(folder, 'demo.unfinished')), false)
  assert.equal((await run(['check', '--data', folder])).code, 0)
})

test('a folder in use is refused and left as it is, even with an empty mark in it', async (t) => {
  const folder = path.join(temporary(t), 'mine')
  fs.mkdirSync(path.join(folder, 'keys'), { recursive: true })
  fs.writeFileSync(path.join(folder, 'keys/master.key'), 'mine')
  fs.writeFileSync(path.join(folder, 'demo.unfinished'), '')
  const refused = await run(small(folder))
  assert.equal(refused.code, 1)
  assert.match(refused.err, /is in use already/)
  assert.equal(fs.readFileSync(path.join(folder, 'keys/master.key'), 'utf8'), 'mine')
  assert.deepEqual(fs.readdirSync(folder), ['keys'])
})
