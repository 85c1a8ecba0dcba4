import { closes, type ErrorName, errors } from "../../protocol/errors.ts";

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
    advice: "The sentence says what of it.",
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

/** Every error of the protocol, by code. */
export function listedErrors(): ListedError[] {
  return Object.entries(errors)
    .map(([name, error]) => ({ name, ...error, closes: closingOf(name) }))
    .sort((a, b) => a.code - b.code);
}

/** The further errors of the HTTP API. */
export function listedHttpErrors(): ListedError[] {
  return ofHttp.map((error) => ({ ...error, name: undefined, closes: "no" }));
}

function closingOf(name: string): ListedError["closes"] {
  const closing: Partial<Record<string, { final: boolean }>> = closes satisfies Partial<
    Record<ErrorName, object>
  >;
  const entry = closing[name];
  if (entry === undefined) return "no";
  return entry.final ? "stays away" : "reconnects";
}

/** The text of docs/errors.md, generated from the tables. */
export function errorsPage(): string {
  const rows = listedErrors().map(
    ({ code, name, meaning, advice, retry, closes }) =>
      `| ${code} | \`${name}\` | ${meaning} | ${advice} | ${retry ? "yes" : "no"} | ${closes === "no" ? "" : closes} |`,
  );
  const http = listedHttpErrors().map(
    ({ code, meaning, advice, retry }) => `| ${code} | ${meaning} | ${advice} | ${retry ? "yes" : "no"} |`,
  );
  return `# Errors

<!-- Made from src/protocol/errors/ and src/http/docs/error-list.ts by npm run generate. -->

Every number that Parley answers with. *Retry* says whether the same may succeed later, or with a new login or signature. A number also serves as the code that a socket closes with where the last column says so: after *stays away* the JavaScript SDK does not connect again by itself, after *reconnects* every SDK does.

## Of the protocol

SDKs show the number as \`code\` and the name as \`reason\` or in the message. Over HTTP the same numbers come in \`{"code": …, "error": …}\`.

| code | name | meaning | what to do | retry | closes |
| --- | --- | --- | --- | --- | --- |
${rows.join("\n")}

## Of the HTTP API alone

| code | meaning | what to do | retry |
| --- | --- | --- | --- |
${http.join("\n")}
`;
}
