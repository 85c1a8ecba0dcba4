import type { Pages } from "../../ui/pages.ts";

export const settingsPages: Pages = {
  "": () => import("./settings-page.tsx"),
};
