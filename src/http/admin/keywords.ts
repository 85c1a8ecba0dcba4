import { Hono } from "hono";
import * as v from "valibot";
import { FILE_MAX, readWordFile } from "../../moderation/word-file.ts";
import { currentWords, removeWords, storeWords } from "../../moderation/word-list-store.ts";
import { readSettings } from "../../settings/store.ts";
import { readBytes } from "../body.ts";
import type { HttpEnv } from "../env.ts";
import { failures, INVALID_FIELD, refuse } from "../errors.ts";
import { awaitCall } from "../object-call.ts";
import { operation } from "../operation.ts";

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
      description: "As it was uploaded, a word on each line; 404 without a list.",
      access: "master",
      answer: list,
    }),
    async (context) => {
      const words = await awaitCall(currentWords(context.env), "keywords");
      if (words === undefined) return refuse(context, 404, failures.notFound);
      return context.text(words.map((word) => `${word}\n`).join(""));
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
    }),
    async (context) => {
      const bytes = await readBytes(context);
      if ("failure" in bytes) return refuse(context, bytes.status, bytes.failure);
      const file = readWordFile(bytes);
      if ("problem" in file) {
        return refuse(context, 400, { code: INVALID_FIELD, error: `keywords: ${file.problem}` });
      }
      const former = await awaitCall(readSettings(context.env), "settings");
      const version = await awaitCall(storeWords(context.env, file.words), "keywords");
      const after = { version, words: file.words.length };
      context.set("change", { before: { version: former.keywords.version }, after });
      return context.json(after);
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
    }),
    async (context) => {
      await awaitCall(removeWords(context.env), "keywords");
      return context.body(null, 204);
    },
  );
