/* Who is signed in, and the descriptions that this person may use. */
import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import type { Me } from '@/api/settlement'
import { api, ApiError, setCsrf } from './api'
import type { Meta, Resource } from './meta'

export const useSession = defineStore('session', () => {
  const me = ref<Me | null>(null)
  const known = ref(false)
  const meta = ref<Meta | null>(null)
  let metaLoading: Promise<Meta> | null = null

  function take(next: Me | null) {
    me.value = next
    known.value = true
    setCsrf(next?.csrf ?? '')
    if (!next) {
      meta.value = null
      metaLoading = null
    }
  }

  /** Asks once who we are; null when nobody. Other errors are thrown: the network may be down. */
  async function load(): Promise<Me | null> {
    if (known.value) return me.value
    try {
      take((await api.call<Me>('GET', '/me', { quiet401: true })).data)
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error
      take(null)
    }
    return me.value
  }

  async function signIn(org: string, name: string, password: string, totp?: string) {
    const answer = await api.call<Me>('POST', '/session', { body: { org, name, password, ...(totp ? { totp } : {}) }, quiet401: true })
    take(answer.data)
    localStorage.setItem('qibing.org', org)
  }

  async function signOut() {
    try {
      await api.call('DELETE', '/session', { quiet401: true })
    } finally {
      take(null)
    }
  }

  async function loadMeta(): Promise<Meta> {
    if (meta.value) return meta.value
    metaLoading ??= api.get<Meta>('/meta').then((got) => (meta.value = got))
    try {
      return await metaLoading
    } catch (error) {
      metaLoading = null
      throw error
    }
  }

  /** Asks again: something of the login changed. */
  async function reload(): Promise<Me | null> {
    known.value = false
    return load()
  }

  const can = (permission: string) => me.value?.permissions.includes(permission) ?? false
  const resource = (nameOrRoute: string): Resource | undefined => meta.value?.resources.find((r) => r.route === nameOrRoute || r.name === nameOrRoute)
  const orgKey = computed(() => me.value?.org.code ?? me.value?.org.id ?? '')
  return { me, known, meta, take, load, reload, signIn, signOut, loadMeta, can, resource, orgKey }
})
