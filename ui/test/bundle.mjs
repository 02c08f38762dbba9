/* The browser's TypeScript, run by Node: bundled in memory by the bundler that Vite brings along. */
import { build } from 'esbuild'
import { fileURLToPath } from 'node:url'

export async function load(path) {
  const out = await build({ entryPoints: [fileURLToPath(new URL('../src/' + path, import.meta.url))], bundle: true, format: 'esm', platform: 'neutral', mainFields: ['module', 'main'], write: false, alias: { '@': fileURLToPath(new URL('../src', import.meta.url)) } })
  return import('data:text/javascript;base64,' + Buffer.from(out.outputFiles[0].contents).toString('base64'))
}
