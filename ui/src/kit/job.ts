/* Follows a job until it ends. Asks often at first and slower later; a lost network is waited out. */
import { onBeforeUnmount, shallowRef } from 'vue'
import type { Job } from '@/api/settlement'
import { api, ApiError } from './api'

export function useJob<T>() {
  const job = shallowRef<Job<T> | null>(null)
  let alive = true
  onBeforeUnmount(() => (alive = false))

  async function follow(id: string): Promise<Job<T>> {
    let pause = 400
    for (let lost = 0; ; ) {
      try {
        job.value = await api.get<Job<T>>('/jobs/' + id)
        lost = 0
      } catch (problem) {
        if (!(problem instanceof ApiError) || problem.status !== 0 || ++lost > 20) throw problem
      }
      const state = job.value?.status
      if (state === 'done' || state === 'failed' || state === 'cancelled') return job.value!
      if (!alive) throw new ApiError(0, 'left', '')
      await new Promise((next) => setTimeout(next, pause))
      pause = Math.min(pause * 1.15, 3000)
    }
  }
  return { job, follow }
}
