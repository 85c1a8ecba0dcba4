import { texts } from "../../ui/language.ts";

export const pushText = texts({
  en: { title: "Push", soon: "This view is being built." },
  zh: { title: "推送", soon: "此视图正在建设中。" },
});
