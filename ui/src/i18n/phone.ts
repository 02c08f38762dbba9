import type { Pairs } from '@/kit/i18n'

export const phone: Pairs = {
  ph: {
    tabs: { earn: ['收入', 'Earnings'], statements: ['结算单', 'Statements'], orders: ['订单', 'Orders'], me: ['我的', 'Me'], label: ['主导航', 'Main'] },
    today: ['今天', 'Today'], period: ['本期', 'This period'], last: ['上期结算单', 'Last statement'], estimate: ['本期预计实发', 'Expected net, this period'], final: ['本期实发', 'Net, this period'], gross: ['应发', 'Gross'], tax: ['个税', 'Tax'], net: ['实发', 'Net'],
    asOf: ['截至 {at}', 'as of {at}'], orders: ['{n} 单', '{n} orders'], lines: ['{n} 笔', '{n} lines'], made: ['由这些构成', 'Made of'], recent: ['明细', 'Lines'], byDay: ['每日收入', 'By day'], todayOnly: ['只看今天', 'Today only'], none: ['本期还没有收入记录', 'Nothing earned yet this period'],
    noneHint: ['完成订单或有效拜访后，会在这里看到每一笔。', 'Orders and valid visits will appear here, one by one.'], noLast: ['还没有结算单', 'No statement yet'], noLastHint: ['每期结算后会出现在这里，可以逐笔核对。', 'After each settlement it appears here, line by line.'], tapWhy: ['点任意一项，看为什么', 'Tap anything to see why'],
    open: ['打开结算单', 'Open statement'], all: ['全部', 'All'], large: ['大字', 'Large type'], lang: ['语言', 'Language'], desk: ['打开桌面版', 'Desk view'], key: ['存证日志公钥', 'Key of the proof log'], pinned: ['本机已记住', 'Remembered here'], notPinned: ['首次核对后记住', 'Remembered at the first check'],
    notFinal: ['还未锁定，金额可能变化', 'Not locked yet: amounts may change'], orderNone: ['没有订单', 'No orders'], search: ['搜订单号', 'Search order number'], collected: ['已回款', 'Collected'], net0: ['网络不通', 'No network'], hello: ['{name}，你好', 'Hello, {name}'], noPerson: ['这个账号没有对应的人员', 'This login stands for nobody'], noPersonHint: ['请用自己的账号登录，或到桌面版查看团队。', 'Sign in with your own login, or use the desk view.'],
    refreshed: ['已更新', 'Updated'],
  },
}
