import { texts } from "../../ui/language.ts";

export const eventsText = texts({
  en: { title: "Events", soon: "This view is being built." },
  zh: { title: "事件", soon: "此视图正在建设中。" },
});
