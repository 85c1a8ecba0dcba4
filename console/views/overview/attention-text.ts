/** What needs the owner, by its code, made of the names and numbers that the server tells. */
export type AttentionSentences = Record<string, (values: Record<string, string | number>) => string>;

export const attentionInChinese: AttentionSentences = {
  d1_unanswered: ({ database }) =>
    database === "D1"
      ? "D1 没有响应：找不到客户端，新内容不会出现在列表中。"
      : `D1 的 ${database} 没有响应：无法读取跨对话的历史记录。`,
  metrics_unanswered: () => "无法读取统计数据。",
  storage_full: ({ database, gigabytes }) => `${database} 已有 ${gigabytes} GB；单个数据库上限为 10 GB。`,
  archive_behind: ({ seconds }) => `D1 中的消息副本落后 ${seconds} 秒。`,
  archive_misfit: ({ problem }) => `消息没有复制到 D1。${problem}。`,
  queue_long: ({ queue, entries }) => `队列“${queue}”中有 ${entries} 项在等待。`,
  mirror_waits: ({ waiting, problem }) =>
    `${waiting} 条消息等待发往 LeanCloud${problem === "" ? "：对方处理较慢" : `：${problem}`}。`,
  descriptors_full: ({ open, most }) => `已打开 ${most} 个文件与连接中的 ${open} 个：请调高 ulimit -n。`,
  restarts: ({ times }) => `运行时崩溃并重启了 ${times} 次。`,
  provider_refuses: ({ provider, times }) => `最近一小时 ${provider} 拒绝了 ${times} 次推送。`,
  provider_late: ({ provider, pushes }) => `最近一小时 ${provider} 没有接收 ${pushes} 条推送；会再次尝试。`,
  hooks_fail: ({ endpoint, failures, calls }) =>
    `最近一小时对 ${endpoint} 的 ${calls} 次调用中有 ${failures} 次失败。`,
  events_late: ({ events }) => `最近一小时有 ${events} 个事件没有被立即接收。`,
  requests_fail: ({ failed, requests }) => `最近一小时 ${requests} 个请求中有 ${failed} 个失败。`,
  quota_hit: ({ times }) => `最近一小时有 ${times} 次命令或登录超出限制。`,
  switches_off: ({ switches }) => `有 ${switches} 个防范陌生人的开关未打开。`,
};
