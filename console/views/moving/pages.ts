import type { Pages } from "../../ui/pages.ts";

export const movingPages: Pages = {
  "": () => import("./moving-page.tsx"),
};
