/** Tells a D1 among bindings. A binding of a service has every name as a method of the service, and `fetch` too. */
export function isDatabase(binding: unknown): binding is D1Database {
  if (typeof binding !== "object" || binding === null || "fetch" in binding) return false;
  return "prepare" in binding && "batch" in binding;
}
