import { texts } from "../../ui/language.ts";

export const movingText = texts({
  en: { title: "Moving", soon: "This view is being built." },
  zh: { title: "迁移", soon: "此视图正在建设中。" },
});
