import { type Context, Hono } from "hono";
import * as v from "valibot";
import { FILE_MAX, readWordFile } from "../../moderation/word-file.ts";
import { currentWords, removeWords, storeWords } from "../../moderation/word-list-store.ts";
import { readBytes } from "../body.ts";
import { ifMatchOf, isExpected, tagOf } from "../conditions.ts";
import type { HttpEnv } from "../env.ts";
import { failures, INVALID_FIELD, refuse } from "../errors.ts";
import { awaitCall } from "../object-call.ts";
import { operation } from "../operation.ts";

/** What `ETag` names where there is no list. */
const NO_LIST = "none";

const ifMatch = ifMatchOf("the list");

const list = { text: v.pipe(v.string(), v.examples(["cheese\nblue cheese\n"])) };

const stored = v.object({
  version: v.pipe(v.string(), v.examples(["9b3a0a5e0f3c4a52a1c2d3e4f5061728"])),
  words: v.pipe(v.number(), v.integer(), v.description("How many there are."), v.examples([2])),
});

/**
 * `GET`, `PUT` and `DELETE /admin/keywords`, with the master key: the keyword filter's words, as a text in UTF-8
 * with a word on each line.
 */
export const keywordRoutes = new Hono<HttpEnv>()
  .get(
    "/admin/keywords",
    operation({
      id: "listKeywords",
      tag: "Administration",
      summary: "Read the word list",
      description:
        "As it was uploaded, a word on each line; 404 without a list. The `ETag` of both is for `If-Match` of a change.",
      access: "master",
      answer: list,
    }),
    async (context) => {
      const found = await awaitCall(currentWords(context.env), "keywords");
      context.header("ETag", tagOf(found?.version ?? NO_LIST));
      if (found === undefined) return refuse(context, 404, failures.notFound);
      return context.text(found.words.map((word) => `${word}\n`).join(""));
    },
  )
  .put(
    "/admin/keywords",
    operation({
      id: "replaceKeywords",
      tag: "Administration",
      summary: "Replace the word list",
      description: "A text in UTF-8 with a word on each line: at most 10,000 words of 64 characters.",
      access: "master",
      answer: stored,
      body: list,
      bodyLimit: FILE_MAX,
      headers: [ifMatch],
    }),
    async (context) => {
      const bytes = await readBytes(context);
      if ("failure" in bytes) return refuse(context, bytes.status, bytes.failure);
      const file = readWordFile(bytes);
      if ("problem" in file) {
        return refuse(context, 400, { code: INVALID_FIELD, error: `keywords: ${file.problem}` });
      }
      const storing = storeWords(context.env, file.words, expectedBy(context));
      const stored = await awaitCall(storing, "keywords");
      if ("conflict" in stored) return refuseConflict(context, stored.conflict);
      const { version, before } = stored;
      const after = { version, words: file.words.length };
      context.set("change", { before: { version: before }, after });
      return context.json(after, 200, { ETag: tagOf(version) });
    },
  )
  .delete(
    "/admin/keywords",
    operation({
      id: "removeKeywords",
      tag: "Administration",
      summary: "Remove the word list",
      description: "Nothing is filtered any more.",
      access: "master",
      answer: null,
      headers: [ifMatch],
    }),
    async (context) => {
      const removed = await awaitCall(removeWords(context.env, expectedBy(context)), "keywords");
      if ("conflict" in removed) return refuseConflict(context, removed.conflict);
      return context.body(null, 204);
    },
  );

/** Whether the caller means the list of a version; null is none. */
function expectedBy(context: Context<HttpEnv>): (version: string | null) => boolean {
  const ifMatch = context.req.header("If-Match");
  return (version) => isExpected(version ?? NO_LIST, ifMatch);
}

function refuseConflict(context: Context<HttpEnv>, current: string | null): Response {
  context.header("ETag", tagOf(current ?? NO_LIST));
  return refuse(context, 412, { code: 412, error: "Somebody else changed the word list meanwhile." });
}
