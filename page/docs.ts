import SwaggerUI, { type ViewerRequest } from "swagger-ui-dist/swagger-ui-es-bundle.js";
import { element } from "./dom.ts";
import type { App } from "./keys.ts";

/* The API's reference at /docs. Keys stay in the tab's memory. */

const dark = matchMedia("(prefers-color-scheme: dark)");
const followSystem = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", followSystem);
followSystem();

const viewer = SwaggerUI({
  url: "/openapi.json",
  domNode: element("api"),
  // Otherwise the document's address is sent to a service that checks it.
  validatorUrl: null,
  deepLinking: true,
  docExpansion: "list",
  filter: true,
  defaultModelsExpandDepth: -1,
  displayRequestDuration: true,
  requestSnippetsEnabled: true,
  tryItOutEnabled: true,
  // There is one server, the one that the page is from.
  plugins: [{ wrapComponents: { ServersContainer: () => () => null } }],
  requestInterceptor: withSession,
  onComplete: () => void fillIn(),
});

/**
 * Without a key a request may be one of the console's session, if the browser has one. Whoever has none is answered as
 * without the header. The app's id goes with a key only: before a session it would count as a wrong key.
 */
function withSession(request: ViewerRequest): ViewerRequest {
  const hasKey = ["X-LC-Key", "X-LC-Sign"].some((name) => request.headers[name] !== undefined);
  const isHere = new URL(request.url, location.href).origin === location.origin;
  if (!isHere || hasKey) return request;
  request.headers["X-Parley-Console"] = "1";
  delete request.headers["X-LC-Id"];
  return request;
}

/** The app's id and key, where a trial gives them away; no other server is asked. */
async function fillIn(): Promise<void> {
  if (!/^(localhost|127(\.\d+){3}|\[::1\])$/.test(location.hostname)) return;
  const response = await fetch("/demo/config");
  if (!response.ok) return;
  const { appId, appKey }: App = await response.json();
  viewer.preauthorizeApiKey("appId", appId);
  viewer.preauthorizeApiKey("key", appKey);
}
