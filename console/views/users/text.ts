import { texts } from "../../ui/language.ts";

export const usersText = texts({
  en: { title: "Users", soon: "This view is being built." },
  zh: { title: "用户", soon: "此视图正在建设中。" },
});
