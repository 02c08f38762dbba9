/*
 * Chinese by default, English by switch. Messages are written as pairs [zh, en], so that neither language can be forgotten.
 */
import { computed } from 'vue'
import { createI18n } from 'vue-i18n'
import { setApiLocale } from './api'
import { textOf } from './format'
import type { Locale } from './format'
import type { Text } from './meta'

export interface Pairs {
  [key: string]: [string, string] | Pairs
}
interface Tree {
  [key: string]: string | Tree
}

function side(pairs: Pairs, index: 0 | 1): Tree {
  return Object.fromEntries(Object.entries(pairs).map(([k, v]) => [k, Array.isArray(v) ? v[index] : side(v, index)]))
}

function storedLocale(): Locale {
  return localStorage.getItem('qibing.locale') === 'en' ? 'en' : 'zh'
}

export const i18n = createI18n({ legacy: false, locale: storedLocale() as string, fallbackLocale: 'zh', messages: {} })
const composer = i18n.global as unknown as { locale: { value: Locale }; t: (key: string, named?: Record<string, unknown>) => string; te: (key: string) => boolean; mergeLocaleMessage: (l: string, m: unknown) => void }

export function addMessages(...groups: Pairs[]) {
  for (const pairs of groups) {
    composer.mergeLocaleMessage('zh', side(pairs, 0))
    composer.mergeLocaleMessage('en', side(pairs, 1))
  }
}

export const locale = computed<Locale>(() => composer.locale.value)
export const t = (key: string, named?: Record<string, unknown>) => (named ? composer.t(key, named) : composer.t(key))
/** A message that may be missing: codes that the server invents. */
export const tOr = (key: string, other: string) => (composer.te(key) ? composer.t(key) : other)
/** The server's text in the reader's language. */
export const tx = (text: Text | string | null | undefined) => textOf(text, composer.locale.value)

export function setLocale(next: Locale) {
  composer.locale.value = next
  localStorage.setItem('qibing.locale', next)
  applyLocale()
}

export function applyLocale() {
  document.documentElement.lang = composer.locale.value === 'zh' ? 'zh-CN' : 'en'
  setApiLocale(composer.locale.value)
}
