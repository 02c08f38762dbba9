import type { Pairs } from '@/kit/i18n'

export const common: Pairs = {
  app: { name: ['奇兵', 'Qibing'], skip: ['跳到正文', 'Skip to content'], slogan: ['谁做了什么，得了多少，为什么，都有据可查', 'Who did what, what it earned, and why — with proof'] },
  state: {
    loading: ['正在加载', 'Loading'], error: ['没有加载成功', 'It did not load'], denied: ['没有查看权限', 'You may not see this'], missing: ['没有找到', 'Not found'], empty: ['还没有数据', 'Nothing here yet'],
  },
  hint: {
    error: ['请稍后重试；若仍失败，请把出现的时间告诉管理员。', 'Try again shortly. If it keeps failing, tell your administrator when it happened.'],
    denied: ['请联系管理员为你的角色开通权限。', 'Ask your administrator to give your role this permission.'],
    missing: ['可能已被归档，或不在你的管理范围内。', 'It may have been archived, or it is outside your area.'],
    empty: ['有数据后会显示在这里。', 'It will appear here.'],
    network: ['网络不通，请检查网络后重试。', 'The network is unreachable. Check it and try again.'],
    unauthenticated: ['登录已过期，请重新登录。', 'Your session has ended. Sign in again.'],
    version: ['有人刚改过，请刷新后再试。', 'Somebody changed it meanwhile. Reload and try again.'],
    conflict: ['已有相同的数据，或刚被他人修改，请刷新后再试。', 'It exists already or was changed meanwhile. Reload and try again.'],
    state: ['当前状态不允许，请刷新查看最新状态。', 'Its present state does not allow this. Reload to see it.'],
    busy: ['系统繁忙，请稍候几秒再试。', 'The server is busy. Try again in a few seconds.'],
    too_many: ['尝试次数过多，请等几分钟再试。', 'Too many attempts. Wait a few minutes.'],
    full: ['服务器磁盘已满，请联系管理员。', 'The server disk is full. Tell your administrator.'],
    internal: ['系统内部错误，已记入日志，请联系管理员。', 'An internal error; the log has it. Tell your administrator.'],
    client: ['页面出错，请刷新后重试。', 'The page failed. Reload it.'],
  },
  act: {
    retry: ['重试', 'Try again'], cancel: ['取消', 'Cancel'], ok: ['确定', 'OK'], save: ['保存', 'Save'], close: ['关闭', 'Close'], back: ['返回', 'Back'], more: ['加载更多', 'Load more'],
    refresh: ['刷新', 'Refresh'], signOut: ['退出登录', 'Sign out'], print: ['打印', 'Print'], search: ['搜索', 'Search'], download: ['下载', 'Download'], view: ['查看', 'View'], edit: ['编辑', 'Edit'],
  },
  lang: { other: ['English', '中文'], label: ['切换语言', 'Change language'] },
  signin: {
    title: ['登录', 'Sign in'], org: ['公司代号', 'Company code'], orgHint: ['每台设备只需填一次', 'Asked once per device'], changeOrg: ['换一家公司', 'Another company'], name: ['登录名', 'Login name'], password: ['密码', 'Password'],
    totp: ['动态验证码', 'One-time code'], totpHint: ['请输入验证器里的 6 位数字', 'The 6 digits from your authenticator'], submit: ['登录', 'Sign in'], busy: ['正在登录…', 'Signing in…'],
    wrong: ['公司、登录名或密码不对。请检查后重试；忘记密码请联系管理员重置。', 'Company, login name or password is wrong. Check them; an administrator can reset a forgotten password.'],
    needed: ['请填写这一项', 'Please fill this in'], ended: ['登录已过期，请重新登录。', 'Your session has ended. Please sign in again.'],
  },
  pw: {
    title: ['修改密码', 'Change password'], old: ['原密码', 'Present password'], next: ['新密码', 'New password'], again: ['再输一次新密码', 'New password again'], hint: ['至少 10 个字符', 'At least 10 characters'], differ: ['两次输入不一致', 'The two differ'], short: ['至少 10 个字符', 'At least 10 characters'], save: ['修改密码', 'Change password'], done: ['密码已修改', 'The password was changed'], must: ['首次登录，请先修改密码。', 'First sign-in: change your password.'],
  },
  explain: {
    why: ['为什么是这个数', 'Why this amount'], rounding: ['四舍五入一次：{from} → {to}', 'Rounded once, half up: {from} → {to}'], source: ['依据：', 'From:'],
    sumHolds: ['✓ 以下 {n} 项相加，分毫不差', '✓ The {n} parts below add up to the fen'], sumFails: ['以下各项相加为 {sum}，与 {amount} 不符，请反馈', 'The parts below add up to {sum}, not {amount}. Please report it.'],
    more: ['另有 {n} 项，合计 {amount}', '{n} more, together {amount}'], none: ['这一行没有计算过程', 'There is no calculation for this line'],
  },
  verify: {
    about: ['在你自己的浏览器里核对：这份结算单确实写进了公开的存证日志，没有被改过，也没有漏掉你已入账的记录。', 'Checked in your own browser: this statement is in the public log, unchanged, and none of your logged records is missing.'],
    run: ['核对这份结算单', 'Verify this statement'], running: ['正在核对…', 'Verifying…'], download: ['下载凭证包', 'Download the proof'],
    proven: ['核对通过', 'Verified'], refuted: ['核对不通过', 'Verification failed'], unproven: ['无法完成核对', 'Could not be verified'],
    provenHint: ['以下每一步都在本机算过，全部成立。', 'Every step below was computed on this device and holds.'],
    refutedHint: ['至少有一步不成立。请下载凭证包留存，并找主管或财务说明。', 'At least one step does not hold. Download the proof, keep it, and ask your supervisor or finance.'],
    unprovenHint: ['不是说它有错，只是这台设备现在无法全部算完。可换用新版浏览器（https），或下载凭证包用命令行核对。', 'Nothing is known to be wrong; this device could not do every step. Use a recent browser over https, or check the proof on the command line.'],
    notLogged: ['这份结算单还没写进存证日志，锁定后再试。', 'This statement is not in the log yet. Try again after the period is locked.'],
    step: {
      crypto: ['浏览器的加密功能（只在 https 或本机地址可用）', 'Cryptography of the browser (only over https or on loopback)'], zip: ['打开凭证包', 'Open the proof'], content: ['内容与存证一致', 'The content is what was logged'], entry: ['存证条目', 'Log entry'],
      included: ['条目在日志树中', 'The entry is in the tree of the log'], signature: ['检查点签名有效', 'The checkpoint is signed by the log'], key: ['日志公钥', 'Key of the log'], history: ['日志只增不改', 'The log has only grown'],
      complete: ['本期已入账记录齐全', 'No logged record of the period is missing'], plan: ['按事先发布的方案计算', 'The plan was published before'], shown: ['页面所示与凭证一致', 'The page shows what was proven'],
    },
    state: { good: ['通过', 'good'], bad: ['不通过', 'failed'], unknown: ['无法核对', 'not checked'] },
    key: { first: ['本机首次记住，请与纸质或同事手机上的比对', 'remembered now, for the first time: compare it with paper or a colleague'], remembered: ['与本机记住的一致', 'the one this device remembers'], changed: ['与本机记住的不同！请先向公司核实', 'differs from the one this device remembers! Ask your company first'] },
    fingerprint: ['本机记住的日志公钥', 'The key this device remembers'], compareHint: ['把从别处拿到的公钥（工资条、公告、同事手机）贴进来比对。', 'Paste the key you got elsewhere (pay slip, notice, a colleague’s phone).'],
    compareLabel: ['从别处得到的公钥', 'Key from elsewhere'], compare: ['比对', 'Compare'], same: ['一致', 'The same'], different: ['不一致，请向公司核实', 'Different. Ask your company.'],
  },
  period: { state: { open: ['进行中', 'Open'], calculated: ['已计算', 'Calculated'], approved: ['已审批', 'Approved'], locked: ['已锁定', 'Locked'] } },
  st: { state: { calculated: ['已计算', 'Calculated'], approved: ['已审批', 'Approved'], locked: ['已锁定', 'Locked'], paid: ['已支付', 'Paid'] } },
  job: { state: { queued: ['排队中', 'Queued'], running: ['进行中', 'Running'], done: ['完成', 'Done'], failed: ['失败', 'Failed'], cancelled: ['已取消', 'Cancelled'] } },
}
