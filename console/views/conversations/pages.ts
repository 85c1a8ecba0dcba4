import type { Pages } from "../../ui/pages.ts";

export const conversationsPages: Pages = {
  "": () => import("./conversation-list.tsx"),
  "/:id": () => import("./conversation-page.tsx"),
  "/:id/messages/:mid": () => import("./message-page.tsx"),
};
