import type { Pages } from "../../ui/pages.ts";

export const overviewPages: Pages = {
  "": () => import("./overview-page.tsx"),
};
