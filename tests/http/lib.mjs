// Raw sockets and a probe server of its own for each test.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..')
const build = process.env.QIBING_BUILD ?? path.join(root, 'build')
export const shared = process.env.QIBING_SHARED ?? path.resolve(root, '../shared')

/** Starts a server; it is stopped when the test ends. */
export async function start(t, ...args) {
  const child = spawn(path.join(build, 'http-probe-server'), args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let out = ''
  let err = ''
  child.stderr.on('data', (d) => (err += d))
  const exited = once(child, 'exit')
  const port = await new Promise((resolve, reject) => {
    child.stdout.on('data', (d) => {
      out += d
      const m = /listening (\d+)/.exec(out)
      if (m) resolve(Number(m[1]))
    })
    child.on('error', reject)
    child.on('exit', () => reject(new Error('the server ended: ' + err)))
  })
  const server = {
    port,
    pid: child.pid,
    get out() { return out },
    get err() { return err },
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
      await exited
      return { code: child.exitCode, signal: child.signalCode, out, err }
    },
  }
  t.after(async () => {
    const end = await server.stop()
    // A sanitizer's report or a crash must fail the test that caused it.
    if (end.code !== 0) throw new Error(`the server ended with ${end.code ?? end.signal}: ${end.err}`)
  })
  return server
}

/** Sends bytes, optionally in pieces, and returns all that comes back until the end or `ms`. */
export function raw(port, bytes, { ms = 3000, end = false, pieces = 0 } = {}) {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1')
    const got = []
    let closed = false
    const done = () => {
      socket.destroy()
      const text = Buffer.concat(got).toString('latin1')
      resolve({ text, closed, statuses: [...text.matchAll(/HTTP\/1\.1 (\d{3}) [A-Z]/g)].map((m) => Number(m[1])) })
    }
    const timer = setTimeout(done, ms)
    socket.on('connect', async () => {
      const data = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes, 'latin1')
      if (pieces) {
        for (let i = 0; i < data.length; i += pieces) {
          socket.write(data.subarray(i, i + pieces))
          await new Promise((r) => setTimeout(r, 1))
        }
      } else {
        socket.write(data)
      }
      if (end) socket.end()
    })
    socket.on('data', (d) => got.push(d))
    socket.on('error', () => {})
    socket.on('close', () => {
      closed = true
      clearTimeout(timer)
      done()
    })
  })
}

export const sleep = (ms) => new Promise((r) => setTimeout(r, ms))

/** Waits until `check` gives something true. */
export async function until(check, ms = 5000) {
  for (const stop = Date.now() + ms; Date.now() < stop; await sleep(20)) {
    const v = await check()
    if (v) return v
  }
  throw new Error('waited in vain: ' + check)
}
