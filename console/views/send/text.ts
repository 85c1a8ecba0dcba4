import { texts } from "../../ui/language.ts";

export const sendText = texts({
  en: { title: "Send", soon: "This view is being built." },
  zh: { title: "发送", soon: "此视图正在建设中。" },
});
