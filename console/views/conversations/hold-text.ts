import { texts } from "../../ui/language.ts";

/** What is said about legal holds. */
export const holdText = texts({
  en: {
    title: "Legal hold",
    on: "On legal hold",
    since: "Since",
    reason: "Reason",
    none: "Not on hold: messages and idle conversations go when the settings `retention` say so.",
    help: "While it is on hold, nothing of it is too old to be kept, and members see all of it.",
    set: "Put on hold",
    end: "End the hold",
    endTitle: "End the legal hold?",
    endText: "What is older than the settings `retention` keep is gone at once, and then deleted.",
  },
  zh: {
    title: "法律保留",
    on: "法律保留中",
    since: "开始时间",
    reason: "原因",
    none: "未保留：过期的消息和闲置的对话按 `retention` 设置删除。",
    help: "保留期间，此对话的任何内容都不会因过期而删除，成员可以看到全部内容。",
    set: "开始保留",
    end: "结束保留",
    endTitle: "结束法律保留？",
    endText: "超过 `retention` 设置期限的内容将立即不可见，随后被删除。",
  },
});
