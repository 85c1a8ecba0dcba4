import { Hono } from "hono";
import * as v from "valibot";
import type { HttpEnv } from "../env.ts";
import { failures, refuse } from "../errors.ts";
import * as example from "../examples.ts";
import { operation, takes, tooManyRequests } from "../operation.ts";
import { serveFile } from "./serve-file.ts";

/** The path of files on the address of the API. */
const PATH = /^\/+files\//;

const one = v.object({ key: v.pipe(v.string(), v.examples([example.FILE_KEY])) });

/** `GET` and `HEAD /files/{key}`: the bytes of files (B-15), for everybody who knows the key. */
export const fileServingRoutes = new Hono<HttpEnv>().get(
  "/files/:key{.+}",
  operation({
    id: "downloadFile",
    tag: "Files",
    summary: "Download a file",
    description:
      "Anybody who knows the key. `Range`, `If-None-Match`, `If-Modified-Since` and `If-Range` count. With " +
      "`?imageInfo` the answer is the size of a picture, with `?avinfo` the duration of sound or film, as JSON; " +
      "any other parameter is ignored.",
    access: "anyone",
    answer: { text: v.string() },
  }),
  takes("param", one),
  async (context) => {
    // As it was sent: the router's own path has lost slashes that a key may have.
    const path = new URL(context.req.url).pathname.replace(PATH, "");
    const served = await serveFile(context.req.raw, context.env, path);
    if (served === "no such file") return refuse(context, 404, failures.notFound);
    return served === "too many requests" ? tooManyRequests(context) : served;
  },
);
