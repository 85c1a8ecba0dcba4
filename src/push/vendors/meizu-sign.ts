import { createHash } from "node:crypto";

/**
 * Meizu's signature of a request: MD5 in lower-case hexadecimal over all parameters in the order of their names, each
 * as `name=value` without any encoding, followed by the app's secret.
 */
export function meizuSign(parameters: Readonly<Record<string, string>>, secret: string): string {
  const sorted = Object.entries(parameters).toSorted(([one], [other]) => (one < other ? -1 : 1));
  const base = sorted.map(([name, value]) => `${name}=${value}`).join("");
  return createHash("md5")
    .update(base + secret)
    .digest("hex");
}
