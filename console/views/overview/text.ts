import { texts } from "../../ui/language.ts";

export const overviewText = texts({
  en: { title: "Overview", soon: "This view is being built." },
  zh: { title: "概览", soon: "此视图正在建设中。" },
});
