import { texts } from "../../ui/language.ts";
import type { Problem } from "./setting.ts";

export const settingsText = texts({
  en: {
    title: "Settings",
    parts: "Parts of the settings",
    tabs: {
      all: "All settings",
      words: "Word list",
      bans: "Bans",
      hooks: "Hooks",
      signing: "Signing",
    },
    groups: {
      messages: "Messages",
      limits: "Limits",
      security: "Security",
      hooks: "Hooks (LeanEngine)",
      webhooks: "Webhooks",
      serviceHook: "Service hook",
      broadcasts: "Broadcasts",
      keywords: "Word list",
      events: "Event log",
      console: "Console",
      files: "Files",
      mirror: "Mirror",
      push: "Push",
      rooms: "Chat rooms",
      upstream: "Upstream",
      users: "Users",
    } as Record<string, string>,
    search: "Search",
    searchHint: "a name or a word, such as members",
    group: "Group",
    everyGroup: "All groups",
    which: "Show",
    shown: { all: "All settings", changed: "Changed from the default" },
    nothing: "No setting fits",
    nothingHelp: "Search for a part of a name or of what the setting does.",
    changed: "changed",
    unsaved: "not saved",
    default: "Default",
    notSet: "not set",
    isSet: "set",
    range: (least: string, most: string) => `${least} to ${most}`,
    oneEachLine: "One on each line.",
    reset: "Reset to the default",
    takeBack: "Take back",
    secretKept: "Is set. Type a new one to replace it.",
    secretNone: "Is not set.",
    secretGoes: "Is removed when you save.",
    removeSecret: "Remove the secret",
    wholeSecrets: "Secrets are shown as ***. Here they have to be typed anew with each change.",
    keptSecrets: "Secrets are shown as ***. Leave *** to keep one.",
    fixed: "Set elsewhere",
    toPushKeys: "Keys are changed under Push",
    toWords: "The list is changed under Word list",
    problem: (problem: Problem): string => {
      switch (problem.kind) {
        case "number":
          return problem.range === undefined
            ? "This has to be a whole number."
            : `This has to be a whole number from ${problem.range[0].toLocaleString("en")} to ${problem.range[1].toLocaleString("en")}.`;
        case "empty":
          return "This must not be empty.";
        case "long":
          return `This has more than ${problem.most.toLocaleString("en")}.`;
        case "form":
          return "This does not have the form that the server takes.";
        case "json":
          return `This is no JSON: ${problem.place}`;
        case "object":
          return "This has to be an object: { … }";
      }
    },
    changes: (count: number) => (count === 1 ? "1 change" : `${count} changes`),
    problems: (count: number) => (count === 1 ? "1 value is wrong" : `${count} values are wrong`),
    bar: "Changes that are not saved",
    discard: "Discard",
    review: "Review and save",
    reviewTitle: "What changes",
    reviewHelp: "It holds everywhere within eight seconds.",
    before: "Before",
    after: "After",
    save: "Save",
    saveAnyway: "Save mine anyway",
    back: "Go on editing",
    saved: "Saved. It holds everywhere within eight seconds.",
    conflictTitle: "Somebody else changed the settings meanwhile",
    conflict: "Nothing of yours was saved. This is what they changed; below is what yours would do now.",
    theirs: "What they changed",
    mine: "What yours changes now",
    bothChanged: "You both changed this",
    nothingLeft: "The settings are as you want them already. There is nothing left to save.",
    audit: "Who changed what",
    signOut: "Sign out everywhere",
    signOutTitle: "Sign out everywhere?",
    signOutText:
      "Every session of the console is over within eight seconds, in all browsers, this one as well. Whoever has the master key can sign in again.",
    signedOut: "Everybody is signed out",
    signingHelp:
      "With a switch on, clients need a signature that only your server can make, with the master key. Ship the app that asks for signatures, and try one with the tester, before you turn a switch on: builds that send none are refused at once.",
    tester: "Signature tester",
    signingWarnings: {
      "security.signLogin": "On: builds that send no signature at login cannot log in any more (4102).",
      "security.signConversation":
        "On: builds that send no signature cannot create or join conversations, nor add or remove members (4302).",
      "security.signHistory":
        "Off: clients cannot read history over HTTP. Over the socket, members always can.",
      "security.signBlacklist": "On: builds that send no signature cannot change blacklists (4546).",
      "security.jwt": "Set: every login needs a token or a signature. Users who have neither are refused.",
      "security.masterSignMinutes":
        "0 takes requests of any age: a request that was recorded can be repeated.",
    } as Record<string, string>,
  },
  zh: {
    title: "设置",
    parts: "设置的各部分",
    tabs: { all: "全部设置", words: "敏感词表", bans: "封禁", hooks: "Hook", signing: "签名" },
    groups: {
      messages: "消息",
      limits: "限制",
      security: "安全",
      hooks: "Hook（云引擎）",
      webhooks: "Webhook",
      serviceHook: "服务号 Hook",
      broadcasts: "广播",
      keywords: "敏感词",
      events: "事件日志",
      console: "控制台",
      files: "文件",
      mirror: "镜像",
      push: "推送",
      rooms: "聊天室",
      upstream: "上游服务器",
      users: "用户",
    } as Record<string, string>,
    search: "搜索",
    searchHint: "名称或关键词，例如 members",
    group: "分组",
    everyGroup: "全部分组",
    which: "显示",
    shown: { all: "全部设置", changed: "与默认值不同的" },
    nothing: "没有匹配的设置",
    nothingHelp: "请搜索名称或说明的一部分。",
    changed: "已修改",
    unsaved: "未保存",
    default: "默认值",
    notSet: "未设置",
    isSet: "已设置",
    range: (least: string, most: string) => `${least} 至 ${most}`,
    oneEachLine: "每行一个。",
    reset: "恢复默认值",
    takeBack: "撤销",
    secretKept: "已设置。输入新值即可替换。",
    secretNone: "未设置。",
    secretGoes: "保存后将被移除。",
    removeSecret: "移除密钥",
    wholeSecrets: "密钥显示为 ***。此项每次修改都需要重新输入密钥。",
    keptSecrets: "密钥显示为 ***。保留 *** 即保持不变。",
    fixed: "在别处设置",
    toPushKeys: "密钥在“推送”中修改",
    toWords: "词表在“敏感词表”中修改",
    problem: (problem: Problem): string => {
      switch (problem.kind) {
        case "number":
          return problem.range === undefined
            ? "必须是整数。"
            : `必须是 ${problem.range[0].toLocaleString("zh")} 到 ${problem.range[1].toLocaleString("zh")} 之间的整数。`;
        case "empty":
          return "不能为空。";
        case "long":
          return `超过了 ${problem.most.toLocaleString("zh")}。`;
        case "form":
          return "格式不符合服务器的要求。";
        case "json":
          return `不是有效的 JSON：${problem.place}`;
        case "object":
          return "必须是一个对象：{ … }";
      }
    },
    changes: (count: number) => `${count} 处修改`,
    problems: (count: number) => `${count} 个值有误`,
    bar: "未保存的修改",
    discard: "放弃",
    review: "检查并保存",
    reviewTitle: "将要修改的内容",
    reviewHelp: "八秒内在所有地方生效。",
    before: "修改前",
    after: "修改后",
    save: "保存",
    saveAnyway: "仍然保存我的修改",
    back: "继续编辑",
    saved: "已保存，八秒内在所有地方生效。",
    conflictTitle: "其他人刚刚修改了设置",
    conflict: "您的修改尚未保存。以下是对方的修改，再往下是您的修改现在会产生的变化。",
    theirs: "对方的修改",
    mine: "您的修改现在的变化",
    bothChanged: "双方都修改了此项",
    nothingLeft: "设置已经是您想要的样子，没有需要保存的内容。",
    audit: "谁修改了什么",
    signOut: "全部退出登录",
    signOutTitle: "全部退出登录？",
    signOutText: "控制台的所有会话将在八秒内失效，包括所有浏览器和当前会话。持有主密钥的人可以重新登录。",
    signedOut: "已全部退出登录",
    signingHelp:
      "开启后，客户端需要只有您的服务器才能用主密钥生成的签名。请先发布会请求签名的应用版本，并用签名测试工具验证，再打开开关：不带签名的版本会立即被拒绝。",
    tester: "签名测试工具",
    signingWarnings: {
      "security.signLogin": "开启后，登录时不带签名的版本将无法登录（4102）。",
      "security.signConversation": "开启后，不带签名的版本无法创建或加入对话，也无法添加或移除成员（4302）。",
      "security.signHistory": "关闭时，客户端不能通过 HTTP 读取历史消息。成员始终可以通过长连接读取。",
      "security.signBlacklist": "开启后，不带签名的版本无法修改黑名单（4546）。",
      "security.jwt": "设置后，每次登录都需要 token 或签名。两者都没有的用户将被拒绝。",
      "security.masterSignMinutes": "0 表示接受任意时间的请求：被截获的请求可以重放。",
    } as Record<string, string>,
  },
});
