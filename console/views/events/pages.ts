import type { Pages } from "../../ui/pages.ts";

export const eventsPages: Pages = {
  "": () => import("./events-page.tsx"),
};
