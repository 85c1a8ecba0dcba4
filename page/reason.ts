/** What a visitor of this page can do about an error, by its code. */
const advice: Record<number, string> = {
  4102:
    "this server takes only logins that its app's server signed (security.signLogin or security.jwt), " +
    "which this page cannot. Switch that off to try the page, or log in with your own app",
  4110: "this server takes no sockets from this page's origin: add it to security.origins",
  4116: "too many commands in too short a time: wait a minute",
};

/** A sentence about an error: its own message, or a better one. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return advice["code" in error ? Number(error.code) : 0] ?? error.message;
}
