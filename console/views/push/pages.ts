import type { Pages } from "../../ui/pages.ts";

export const pushPages: Pages = {
  "": () => import("./push-page.tsx"),
};
