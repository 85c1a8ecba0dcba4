import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { withDeadline } from "../deadline.ts";
import { currentWords, removeWords, storeWords } from "../moderation/store.ts";
import { FILE_MAX, readWordFile } from "../moderation/word-file.ts";
import type { HttpEnv } from "./env.ts";
import { failures, refuse } from "./errors.ts";

const DEADLINE = 10_000; // ms for D1

/**
 * `GET`, `PUT` and `DELETE /admin/keywords`, with the master key: the keyword filter's words, as a text in UTF-8
 * with a word on each line.
 */
export const keywords = new Hono<HttpEnv>()
  .get("/admin/keywords", async (context) => {
    const words = await withDeadline(currentWords(context.env), DEADLINE, "keywords");
    if (words === undefined) return refuse(context, 404, failures.notFound);
    return context.text(words.map((word) => `${word}\n`).join(""));
  })
  .put(
    "/admin/keywords",
    bodyLimit({
      maxSize: FILE_MAX,
      onError: (context) => refuse(context, 400, { code: 105, error: `keywords: at most ${FILE_MAX} bytes` }),
    }),
    async (context) => {
      const file = readWordFile(new Uint8Array(await context.req.arrayBuffer()));
      if ("problem" in file) return refuse(context, 400, { code: 105, error: `keywords: ${file.problem}` });
      const version = await withDeadline(storeWords(context.env, file.words), DEADLINE, "keywords");
      return context.json({ version, words: file.words.length });
    },
  )
  .delete("/admin/keywords", async (context) => {
    await withDeadline(removeWords(context.env), DEADLINE, "keywords");
    return context.body(null, 204);
  });
