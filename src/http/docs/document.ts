import type { Hono } from "hono";
import * as v from "valibot";
import { credentialHeaders } from "../auth.ts";
import type { HttpEnv } from "../env.ts";
import type { Tag } from "../operation.ts";
import { httpTable, protocolTable } from "./error-list.ts";
import { jsonSchemaOf, pathsOf } from "./paths.ts";

const tags: Record<Tag, string> = {
  Conversations: "Conversations of two and of many, for the app's own server.",
  Messages: "Messages of conversations, for the app's own server.",
  "Chat rooms": "Conversations of those who are present, for the app's own server.",
  "Service conversations": "What the app says to its subscribers, and they to it.",
  Clients: "Clients, one by one.",
  App: "The app as a whole.",
  Files: "Pictures, sound, film and other files that messages name.",
  Push: "Devices, and what is pushed to them.",
  Users: "Users of the app, where the setting `users.where` is `here`.",
  "Version 1.1": "Older forms of the same, which old back ends and the Python SDK call.",
  SDKs: "What client SDKs ask beside their socket.",
  Administration: "For the owner of this server; not part of the hosted service's API.",
};

const failure = v.object({ code: v.pipe(v.number(), v.integer()), error: v.string() });

const header = (name: string, description: string) =>
  ({ type: "apiKey", in: "header", name, description }) as const;

const refusal = (description: string, example: { code: number; error: string }) => ({
  description,
  content: { "application/json": { schema: jsonSchemaOf(failure), example } },
});

/** The OpenAPI 3.1 document of every described route. */
export function documentOf(app: Hono<HttpEnv>): object {
  return {
    openapi: "3.1.0",
    info: {
      title: "Parley",
      version: "1.2",
      description:
        "The HTTP API of a Parley server. Bodies and answers are JSON; times are milliseconds unless they are " +
        "ISO 8601 texts. Any 4xx or 5xx carries a code and a sentence: 1 is a parameter that does not fit, " +
        "105 a field of a body, 107 malformed JSON, 4000 and above are errors of messaging, the rest are the " +
        "HTTP status. Other names of the headers with keys that are understood as well: " +
        `${credentialHeaders.filter((name) => !name.startsWith("X-LC-")).join(", ")}.` +
        `\n\n<details><summary>Errors of the HTTP API</summary>\n\n${httpTable()}\n\n</details>` +
        `\n\n<details><summary>Errors of the protocol</summary>\n\n${protocolTable()}\n\n</details>`,
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/" }],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    components: {
      securitySchemes: {
        appId: header("X-LC-Id", "The app's id."),
        key: header("X-LC-Key", "The app key, or `<master key>,master`."),
        signature: header(
          "X-LC-Sign",
          "Instead of the key: `<md5>,<ms>`, the digest being lower-case hex of MD5 over the time and the app key.",
        ),
        masterKey: header("X-LC-Key", "`<master key>,master`."),
        masterSignature: header("X-LC-Sign", "Instead of the key: `<md5>,<ms>,master`, over the master key."),
      },
      responses: {
        Unauthorized: refusal("The keys are missing, wrong, or not enough.", {
          code: 401,
          error: "Unauthorized.",
        }),
        QuotaUsedUp: {
          ...refusal("Too many messages, or too many notifications, over HTTP in this minute.", {
            code: 429,
            error: "Too many messages over HTTP; try again later.",
          }),
          headers: {
            "Retry-After": { description: "Seconds.", schema: { type: "integer" } },
          },
        },
        Refused: refusal("It was not done, and why.", { code: 4303, error: "no such conversation" }),
        Failed: refusal("It could not be done; after a 504 it may have been.", {
          code: 503,
          error: "Not available at the moment; try again later.",
        }),
      },
    },
    paths: pathsOf(app),
  };
}
