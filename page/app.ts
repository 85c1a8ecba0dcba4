import { element, within } from "./dom.ts";

/** The app to log in to. */
export interface App {
  appId: string;
  appKey: string;
}

/** A server that somebody tries out tells its app; any other asks, once for each tab. */
export async function appOfThisServer(): Promise<App> {
  const response = await fetch("/demo/config").catch(() => undefined);
  if (response?.ok) {
    const app: App = await response.json();
    return app;
  }
  return ask();
}

function ask(): Promise<App> {
  const form = within(document, "form", "#credentials");
  const fields = ["appId", "appKey"].map((name) => within(form, "input", `[name=${name}]`));
  for (const field of fields) field.value = sessionStorage.getItem(field.name) ?? "";
  element("credentials").hidden = false;
  return new Promise((resolve) => {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      for (const field of fields) sessionStorage.setItem(field.name, field.value.trim());
      form.hidden = true;
      const [appId = "", appKey = ""] = fields.map((field) => field.value.trim());
      resolve({ appId, appKey });
    });
  });
}
