/* Loading with its four outcomes. A newer request makes the answer of an older one void. */
import { computed, ref, shallowRef } from 'vue'
import { ApiError } from './api'

export type LoadState = 'loading' | 'error' | 'denied' | 'missing' | 'ready'

export function useLoad<T>(fetcher: () => Promise<T>) {
  const data = shallowRef<T | null>(null)
  const error = shallowRef<ApiError | null>(null)
  const busy = ref(false)
  let turn = 0

  async function run(): Promise<void> {
    const mine = ++turn
    busy.value = true
    try {
      const got = await fetcher()
      if (mine !== turn) return
      data.value = got
      error.value = null
    } catch (problem) {
      if (mine !== turn) return
      error.value = asApiError(problem)
    } finally {
      if (mine === turn) busy.value = false
    }
  }

  const state = computed<LoadState>(() => {
    if (error.value) return error.value.status === 403 ? 'denied' : error.value.status === 404 ? 'missing' : 'error'
    return data.value === null ? 'loading' : 'ready'
  })
  return { data, error, busy, state, run }
}

export function asApiError(problem: unknown): ApiError {
  if (problem instanceof ApiError) return problem
  return new ApiError(0, 'client', problem instanceof Error ? problem.message : String(problem))
}
