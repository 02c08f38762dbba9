import { createPinia } from 'pinia'
import { createApp } from 'vue'
import { onSignedOut } from '@/kit/api'
import { addMessages, applyLocale, i18n } from '@/kit/i18n'
import { useSession } from '@/kit/session'
import { common } from '@/i18n/common'
import { phone } from '@/i18n/phone'
import App from './App.vue'
import { applyType } from './largeType'
import { router } from './router'
import 'vant/es/style/base.css'
import '@/kit/theme.css'
import './phone.css'

addMessages(common, phone)
applyLocale()
applyType()
createApp(App).use(createPinia()).use(i18n).use(router).mount('#app')
onSignedOut(() => {
  useSession().take(null)
  const here = router.currentRoute.value
  if (here.name !== 'sign-in') void router.replace({ name: 'sign-in', query: { to: here.fullPath, ended: '1' } })
})
