import { useLocation } from "preact-iso";

export { consolePath } from "./path.ts";

export interface Address {
  /** The parameter's value; the empty text where it is not in the address. */
  get(name: string): string;
  /** Puts parameters into the address; empty ones are taken out. `push` makes a step for the back button. */
  set(parameters: Record<string, string>, how?: "replace" | "push"): void;
}

/** A copy of the query with some parameters changed, such as `?a=1&b=2`. */
export function changedQuery(query: Record<string, string>, parameters: Record<string, string>): string {
  const all = new URLSearchParams(query);
  for (const [name, value] of Object.entries(parameters)) {
    if (value === "") all.delete(name);
    else all.set(name, value);
  }
  const text = all.toString();
  return text === "" ? "" : `?${text}`;
}

/** The state that stands in the address: filters, tabs, what is open. So every page is a permalink. */
export function useAddress(): Address {
  const { query, route } = useLocation();
  return {
    get: (name) => query[name] ?? "",
    set: (parameters, how = "replace") =>
      route(location.pathname + changedQuery(query, parameters), how === "replace"),
  };
}

/** A link that untrusted text names, if it leads to the web; undefined for `javascript:` and the like. */
export function safeUrl(text: unknown): string | undefined {
  if (typeof text !== "string" || !URL.canParse(text)) return undefined;
  const { protocol, href } = new URL(text);
  return protocol === "http:" || protocol === "https:" ? href : undefined;
}
