import { texts } from "../../ui/language.ts";

export const pushText = texts({
  en: {
    title: "Push",
    send: "Send a notification",
    tabsOf: "Parts of push",
    tabs: {
      notifications: "Notifications",
      scheduled: "Scheduled",
      installations: "Installations",
      keys: "Keys",
      test: "Test push",
      why: "Why not pushed?",
    },
    providers: {
      apns: "Apple (APNs)",
      fcm: "Google (FCM)",
      hms: "Huawei",
      honor: "Honor",
      mi: "Xiaomi",
      oppo: "OPPO",
      vivo: "vivo",
      meizu: "Meizu",
      webPush: "Web Push",
      webhook: "Webhook",
    } as Record<string, string>,
    failed: "That did not work",
  },
  zh: {
    title: "推送",
    send: "发送通知",
    tabsOf: "推送的各部分",
    tabs: {
      notifications: "通知记录",
      scheduled: "定时通知",
      installations: "设备",
      keys: "密钥",
      test: "测试推送",
      why: "为什么没有推送？",
    },
    providers: {
      apns: "苹果（APNs）",
      fcm: "谷歌（FCM）",
      hms: "华为",
      honor: "荣耀",
      mi: "小米",
      oppo: "OPPO",
      vivo: "vivo",
      meizu: "魅族",
      webPush: "Web Push",
      webhook: "Webhook",
    },
    failed: "操作没有成功",
  },
});

/** What the viewer is told of a failure. */
export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
