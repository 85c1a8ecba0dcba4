import type { Pages } from "../../ui/pages.ts";

export const pushPages: Pages = {
  "": () => import("./push-page.tsx"),
  "/new": () => import("./send-page.tsx"),
  "/notifications/:id": () => import("./notification-page.tsx"),
  "/installations/:id": () => import("./installation-page.tsx"),
};
