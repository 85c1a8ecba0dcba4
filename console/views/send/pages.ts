import type { Pages } from "../../ui/pages.ts";

export const sendPages: Pages = {
  "": () => import("./send-page.tsx"),
};
