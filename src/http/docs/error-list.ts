import { closes, type ErrorName, errors } from "../../protocol/errors.ts";
import { type UserErrorName, userErrors } from "../../users/user-errors.ts";

/** An error in the documents. */
export interface ListedError {
  code: number;
  /** The wire's `reason`; undefined for errors of the HTTP API alone. */
  name: string | undefined;
  meaning: string;
  advice: string;
  retry: boolean;
  /** Whether it also closes a socket, and whether the JavaScript SDK then does not reconnect. */
  closes: "no" | "reconnects" | "stays away";
}

const ofHttp: Omit<ListedError, "name" | "closes">[] = [
  {
    code: 1,
    meaning: "a parameter of the path or query does not fit",
    advice: "The sentence names it.",
    retry: false,
  },
  { code: 101, meaning: "no such row", advice: "Check the id.", retry: false },
  {
    code: 102,
    meaning: "a `where` that is not understood or asks too much",
    advice: "The sentence says which part.",
    retry: false,
  },
  { code: 105, meaning: "a field of the body does not fit", advice: "The sentence names it.", retry: false },
  { code: 107, meaning: "the body is no JSON", advice: "Send JSON.", retry: false },
  {
    code: 305,
    meaning: "the condition of a conditional save does not hold",
    advice: "Read the row again, and decide anew.",
    retry: false,
  },
  {
    code: 401,
    meaning: "no key, or one that does not allow this",
    advice:
      "Send `X-LC-Id: <app id>` and `X-LC-Key: <app key>`; for what takes the master key, `X-LC-Key: <master key>,master`, with `,master` behind it.",
    retry: false,
  },
  { code: 403, meaning: "not allowed", advice: "The sentence says why.", retry: false },
  {
    code: 404,
    meaning: "no such thing, or not served here",
    advice: "Check the address; see *Not served* in docs/http-api.md.",
    retry: false,
  },
  { code: 413, meaning: "the body is too long", advice: "Send less at once.", retry: false },
  { code: 429, meaning: "too many requests", advice: "Wait as long as `Retry-After` says.", retry: true },
  {
    code: 500,
    meaning: "something failed inside the server",
    advice: "Look into the server's log.",
    retry: true,
  },
  {
    code: 503,
    meaning: "the database does not answer, or the server is starting",
    advice: "Try again.",
    retry: true,
  },
  {
    code: 504,
    meaning: "no answer in time; what was asked for may have happened",
    advice: "Try again with the same Idempotency-Key.",
    retry: true,
  },
];

/** What to do about the errors of users. */
const ofUsers: Record<UserErrorName, { advice: string; retry?: true }> = {
  ACL_INVALID: { advice: "Write an ACL as SDKs do." },
  EMAIL_INVALID: { advice: "Ask for another address." },
  PHONE_INVALID: { advice: "Ask for another number." },
  USERNAME_MISSING: { advice: "Ask for a name." },
  PASSWORD_MISSING: { advice: "Ask for a password." },
  USERNAME_TAKEN: { advice: "Ask for another name." },
  EMAIL_TAKEN: { advice: "Log in by this address, or ask for another." },
  SESSION_MISSING: { advice: "Log in, and send the session token." },
  SIGN_UP_CLOSED: { advice: "Create users with the master key, or switch the setting on." },
  THIRD_PARTY_CLOSED: { advice: "Let your server log the user in, or switch the setting on." },
  LINKED_TO_OTHER: { advice: "Log in by that account, or unlink it there." },
  MISMATCH: { advice: "Ask again. An unknown user is answered likewise." },
  NOT_FOUND: { advice: "Log in again, or sign up." },
  PHONE_TAKEN: { advice: "Log in by this number, or ask for another." },
  USERNAME_INVALID: { advice: "Ask for another name." },
  PASSWORD_INVALID: { advice: "Ask for another password." },
  TOO_MANY_FAILURES: { advice: "Wait 15 minutes, or log in from another network.", retry: true },
  LINKED_ID_MISSING: { advice: "Send the uid, openid or id of the account." },
  SENDS_NOTHING: { advice: "Let your server do it; see docs/users.md." },
};

/** Every error of the protocol, by code. */
export function listedErrors(): ListedError[] {
  return Object.entries(errors)
    .map(([name, error]) => ({ name, ...error, closes: closingOf(name) }))
    .sort((a, b) => a.code - b.code);
}

/** The further errors of the HTTP API. */
export function listedHttpErrors(): ListedError[] {
  const users = Object.entries(userErrors).map(([name, { code, error }]) => ({
    code,
    meaning: error.replace(/\.$/, ""),
    retry: false,
    ...adviceAbout(name),
  }));
  return [...ofHttp, ...users]
    .map((error) => ({ ...error, name: undefined, closes: "no" as const }))
    .sort((a, b) => a.code - b.code);
}

function adviceAbout(name: string): { advice: string; retry?: true } {
  const advice: Partial<Record<string, { advice: string; retry?: true }>> = ofUsers;
  return advice[name] ?? { advice: "" };
}

function closingOf(name: string): ListedError["closes"] {
  const closing: Partial<Record<string, { final: boolean }>> = closes satisfies Partial<
    Record<ErrorName, object>
  >;
  const entry = closing[name];
  if (entry === undefined) return "no";
  return entry.final ? "stays away" : "reconnects";
}

/** The errors of the protocol as a table in Markdown. */
export function protocolTable(): string {
  const rows = listedErrors().map(
    ({ code, name, meaning, advice, retry, closes }) =>
      `| ${code} | \`${name}\` | ${meaning} | ${advice} | ${retry ? "yes" : "no"} | ${closes === "no" ? "" : closes} |`,
  );
  return `| code | name | meaning | what to do | retry | closes |
| --- | --- | --- | --- | --- | --- |
${rows.join("\n")}`;
}

/** The further errors of the HTTP API as a table in Markdown. */
export function httpTable(): string {
  const rows = listedHttpErrors().map(
    ({ code, meaning, advice, retry }) => `| ${code} | ${meaning} | ${advice} | ${retry ? "yes" : "no"} |`,
  );
  return `| code | meaning | what to do | retry |
| --- | --- | --- | --- |
${rows.join("\n")}`;
}

/** The text of docs/errors.md, generated from the tables. */
export function errorsPage(): string {
  return `# Errors

<!-- Made from src/protocol/errors/ and src/http/docs/error-list.ts by npm run generate. -->

Every number that Parley answers with. *Retry* says whether the same may succeed later, or with a new login or signature. A number also serves as the code that a socket closes with where the last column says so: after *stays away* the JavaScript SDK does not connect again by itself, after *reconnects* every SDK does.

## Of the protocol

SDKs show the number as \`code\` and the name as \`reason\` or in the message. Over HTTP the same numbers come in \`{"code": …, "error": …}\`.

${protocolTable()}

## Of the HTTP API alone

${httpTable()}
`;
}
