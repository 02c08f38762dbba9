// settle-month in DuckDB, in memory: node settle.js IN OUT [THREADS]. Prints the seconds of each part.
import { DuckDBInstance } from '@duckdb/node-api'
import fs from 'node:fs'
import path from 'node:path'

const [input, output, threads = '2'] = process.argv.slice(2)
if (!input || !output) {
  console.error('usage: node settle.js IN OUT [THREADS]')
  process.exit(2)
}
fs.mkdirSync(output, { recursive: true })
const quoted = (folder) => path.resolve(folder).replaceAll("'", "''")
const here = path.dirname(new URL(import.meta.url).pathname)
const sql = fs.readFileSync(path.join(here, 'settle.sql'), 'utf8').replaceAll('$IN', quoted(input)).replaceAll('$OUT', quoted(output))
const parts = sql.split(/^-- (?:computed|written) from here on$/m)

const instance = await DuckDBInstance.create(':memory:', { threads })
const connection = await instance.connect()
await connection.run('SET preserve_insertion_order = false')
for (const [i, name] of ['read', 'compute', 'write'].entries()) {
  const began = process.hrtime.bigint()
  await connection.run(parts[i])
  console.log(`${name.padEnd(8)} ${(Number(process.hrtime.bigint() - began) / 1e9).toFixed(3)} s`)
}
