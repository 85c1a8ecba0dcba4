/** How a client uploads: SDKs know the ways by the names of providers. `s3` is one PUT, `qiniu` a multipart form. */
export type Provider = "s3" | "qiniu";

/** Clients of the JavaScript SDK that can upload nothing but a form. */
const FORMS_ONLY = new Set(["Weapp", "QQApp", "Alipay", "Baidu", "Toutiao", "QuickApp", "ReactNative"]);

/**
 * The way for a client. All but a few can PUT.
 *
 * @param agents its `X-LC-UA` and `User-Agent`: browsers cannot set the latter
 */
export function providerFor(way: "auto" | "put" | "form", agents: readonly (string | undefined)[]): Provider {
  if (way !== "auto") return way === "put" ? "s3" : "qiniu";
  return agents.some((agent) => agent !== undefined && isFormsOnly(agent)) ? "qiniu" : "s3";
}

function isFormsOnly(agent: string): boolean {
  const platform = /LeanCloud-JS-SDK\/\S+ \(([^;/)]*)/.exec(agent)?.[1];
  return platform !== undefined && FORMS_ONLY.has(platform.trim());
}
