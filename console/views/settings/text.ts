import { texts } from "../../ui/language.ts";

export const settingsText = texts({
  en: { title: "Settings", soon: "This view is being built." },
  zh: { title: "设置", soon: "此视图正在建设中。" },
});
