import { shownFor } from "./push-content.ts";

/** The service worker of one person: it runs whenever a push for that person comes, page or no page. */
declare const self: ServiceWorkerGlobalScope;

self.addEventListener("push", (event) => {
  const { title, options } = shownFor(contentOf(event.data));
  event.waitUntil(self.registration.showNotification(title, options));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(openPage());
});

/** Shows the page where it is open already, else opens it. */
async function openPage(): Promise<void> {
  // The page is outside this worker's scope, which is there only to keep people's subscriptions apart.
  const open = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const page = open.find(({ url }) => new URL(url).pathname === "/");
  await (page === undefined ? self.clients.openWindow("/") : page.focus());
}

/** The JSON that was pushed; nothing where there is none. */
function contentOf(data: PushMessageData | null): unknown {
  try {
    return data?.json();
  } catch {
    return undefined;
  }
}
