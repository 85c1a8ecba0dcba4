import type { Pages } from "../../ui/pages.ts";

export const usagePages: Pages = {
  "": () => import("./usage-page.tsx"),
};
