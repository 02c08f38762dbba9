/* Large type for eyes that want it; remembered on this device. */
import { ref } from 'vue'

export const large = ref(localStorage.getItem('qibing.large') === '1')

export function applyType() {
  document.documentElement.style.setProperty('--step', large.value ? '1.25' : '1')
}

export function setLarge(on: boolean) {
  large.value = on
  localStorage.setItem('qibing.large', on ? '1' : '0')
  applyType()
}
