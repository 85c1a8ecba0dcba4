import type { AnyComponent } from "preact";
import { lazy } from "preact-iso";
import { isSessionOver, whenSignedIn } from "../api/session.ts";
import type { Pages } from "../ui/pages.ts";
import { conversationsPages } from "../views/conversations/pages.ts";
import { eventsPages } from "../views/events/pages.ts";
import { movingPages } from "../views/moving/pages.ts";
import { overviewPages } from "../views/overview/pages.ts";
import { pushPages } from "../views/push/pages.ts";
import { sendPages } from "../views/send/pages.ts";
import { settingsPages } from "../views/settings/pages.ts";
import { usagePages } from "../views/usage/pages.ts";
import { usersPages } from "../views/users/pages.ts";

export interface Page {
  /** With parameters: `/console/conversations/:id`. */
  path: string;
  component: AnyComponent;
}

/** A view: an entry of the navigation, and all pages below its path. */
export interface View {
  /** Its folder below `console/views`, its picture, and its name in `appText.views`. */
  noun: "overview" | "conversations" | "users" | "send" | "push" | "events" | "settings" | "usage" | "moving";
  path: string;
  pages: readonly Page[];
  /** Fetches its start before it is opened, while the pointer is on its link. */
  preload(): void;
}

/** Thrown where a page's own code could not be loaded: after an upgrade its file has another name. */
export class MissingPart extends Error {
  override name = "MissingPart";
}

/** A page that throws, so that it is shown like every error: `lazy` itself would wait for ever. */
function missingPart(cause: unknown): AnyComponent {
  return () => {
    throw new MissingPart("A part of the console could not be loaded.", { cause });
  };
}

/** Files are for those who are signed in: after the end of a session, a sign-in and a new load bring them. */
async function withoutPart(cause: unknown): Promise<AnyComponent> {
  if (!(await isSessionOver())) return missingPart(cause);
  await whenSignedIn();
  location.reload();
  return new Promise(() => {});
}

function view(noun: View["noun"], pages: Pages, path = `/console/${noun}`): View {
  return {
    noun,
    path,
    pages: Object.entries(pages).map(([rest, load]) => ({
      path: path + rest,
      component: lazy(() => load().catch(withoutPart)),
    })),
    // A failure is shown when the page is opened.
    preload: () => void pages[""]?.().catch(() => {}),
  };
}

/** In the order of the navigation. */
export const views: readonly View[] = [
  view("overview", overviewPages, "/console"),
  view("conversations", conversationsPages),
  view("users", usersPages),
  view("send", sendPages),
  view("push", pushPages),
  view("events", eventsPages),
  view("settings", settingsPages),
  view("usage", usagePages),
  view("moving", movingPages),
];

/** The view that a path belongs to. */
export function viewAt(path: string): View | undefined {
  const trimmed = path.replace(/\/+$/, "");
  return views.find((each) =>
    each.path === "/console"
      ? trimmed === each.path
      : trimmed === each.path || trimmed.startsWith(`${each.path}/`),
  );
}
