/** Whether a version is one that `If-Match` names; without the header every version is. */
export function isExpected(version: string, ifMatch: string | undefined): boolean {
  if (ifMatch === undefined) return true;
  // Proxies that compress make a tag weak.
  const named = ifMatch.split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  return named.some((tag) => tag === "*" || tag === tagOf(version));
}

/** A version as `ETag` has it. */
export const tagOf = (version: string) => `"${version}"`;

/** `If-Match` of a change, for the document. @param what that is changed, such as "the settings" */
export const ifMatchOf = (what: string) => ({
  name: "If-Match",
  description: `The \`ETag\` of ${what} that the change was made for; 412 with the current one if others changed them.`,
  example: "*",
});
