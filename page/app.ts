import { element, within } from "./dom.ts";
import { type App, keysOf } from "./keys.ts";

/** A trial server names its app; for any other the page asks the visitor, once for each tab. */
export async function appOfThisServer(): Promise<App> {
  const response = await fetch("/demo/config").catch(() => undefined);
  if (response?.ok) {
    const { console, ...app }: App & { console?: boolean } = await response.json();
    element("console").hidden = console !== true;
    return app;
  }
  return ask();
}

function ask(): Promise<App> {
  const form = within(document, "form", "#credentials");
  const fields = ["appId", "appKey"].map((name) => within(form, "input", `[name=${name}]`));
  // The page runs this twice: the second time must not take away what was typed since the first.
  for (const field of fields) field.value ||= sessionStorage.getItem(field.name) ?? "";
  element("credentials").hidden = false;
  return new Promise((resolve) => {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const [appId = "", appKey = ""] = fields.map((field) => field.value.trim());
      const problem = await problemOf({ appId, appKey });
      element("problem").textContent = problem ?? "";
      if (problem !== undefined) return;
      for (const field of fields) sessionStorage.setItem(field.name, field.value.trim());
      form.hidden = true;
      resolve({ appId, appKey });
    });
  });
}

/** Why these are not this server's. A socket would take any key: SDKs send it over HTTP alone. */
async function problemOf(app: App): Promise<string | undefined> {
  try {
    const { status } = await fetch("/1.2/push/web", { headers: keysOf(app) });
    if (status === 401)
      return "This server has another app id or app key: see APP_ID and APP_KEY where it was started.";
    return status >= 500 ? `The server answers with status ${status}.` : undefined;
  } catch {
    return "The server does not answer.";
  }
}
