import type { Pages } from "../../ui/pages.ts";

export const usersPages: Pages = {
  "": () => import("./users-page.tsx"),
  "/:id": () => import("./user-page.tsx"),
};
