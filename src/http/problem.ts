import * as v from "valibot";

/** What is wrong with a value, after the path to it, such as `from_client: is missing`. */
export function problemIn(issue: v.BaseIssue<unknown>): string {
  // So the library tells an object's key that is not there, in words for programmers.
  const isMissing = issue.received === "undefined" && issue.message.startsWith("Invalid key: ");
  const problem = isMissing ? "is missing" : issue.message;
  const path = v.getDotPath(issue);
  return path === null ? problem : `${path}: ${problem}`;
}
