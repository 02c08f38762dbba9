import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

// Two entries, so that a phone never loads the widgets of the desk. No preload polyfill and no inlined assets: the server's content security policy
// allows scripts from files only.
/* Vant's icon font comes with an address of a public host behind it. We draw our own icons, so the font goes altogether: no page may ask another server. */
const withoutIconFont = {
  name: 'without-icon-font',
  enforce: 'pre' as const,
  transform(code: string, id: string) {
    return /vant[\\/](es|lib)[\\/]icon[\\/]index\.css/.test(id) ? code.replace(/@font-face\s*\{[^}]*\}/g, '') : null
  },
}

export default defineConfig({
  plugins: [withoutIconFont, vue()],
  resolve: { alias: { '@': here('./src') } },
  define: { __VUE_OPTIONS_API__: 'true', __VUE_PROD_DEVTOOLS__: 'false', __VUE_I18N_FULL_INSTALL__: 'false', __VUE_I18N_LEGACY_API__: 'false' },
  build: {
    target: ['es2022', 'chrome103', 'safari16', 'firefox113'],
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 900,
    rollupOptions: { input: { desk: here('./index.html'), phone: here('./m/index.html') } },
  },
})
