/** A path below /console, each part encoded: ids have slashes and dots, and halves of characters, which no URL has. */
export const consolePath = (...parts: string[]): string =>
  ["/console", ...parts.map((part) => encodeURIComponent(part.toWellFormed()))].join("/");
