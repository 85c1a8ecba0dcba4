import { Hono } from "hono";
import * as v from "valibot";
import type { HttpEnv } from "../env.ts";
import * as example from "../examples.ts";
import { operation, takes } from "../operation.ts";
import { respond } from "../response.ts";
import * as schema from "../schemas.ts";
import { addExternalFile, baseOf, deleteFile, readFile, searchFiles } from "./file-requests.ts";
import { announceFile, endUpload } from "./upload-requests.ts";

/** SDKs also spell it `/1.1/classes/_File`, `/1.1/classes/_file` and `/1.1/classes/files`: the app translates those. */
const PATH = "/1.1/files";
const SPELLINGS = "The same as `/1.1/classes/_File`, `/1.1/classes/_file` and `/1.1/classes/files`.";

const id = v.pipe(v.string(), v.maxLength(64), v.examples([example.FILE]));
const one = v.object({ id });

const named = {
  name: v.pipe(v.string(), v.examples(["cheese.png"])),
  mime_type: v.pipe(v.string(), v.examples(["image/png"])),
};
const row = v.objectWithRest(
  {
    objectId: id,
    ...named,
    url: v.pipe(
      v.string(),
      v.examples(["https://im.example.com/files/3AqXv0Rk8LmZs2TgWc5YhNe7JpUd4BoF.png"]),
    ),
    key: v.optional(v.pipe(v.string(), v.examples(["3AqXv0Rk8LmZs2TgWc5YhNe7JpUd4BoF.png"]))),
    bucket: v.optional(v.string()),
    metaData: v.pipe(schema.anyObject(), v.description("As the client sent it."), schema.shown({ size: 12 })),
    createdAt: schema.isoTime(),
  },
  v.unknown(),
);

const announced = v.objectWithRest(
  {
    ...row.entries,
    provider: v.pipe(
      v.picklist(["s3", "qiniu"]),
      v.description("`s3` is one PUT, `qiniu` a form."),
      v.examples(["s3"]),
    ),
    token: v.pipe(v.string(), v.examples([example.UPLOAD_TOKEN])),
    upload_url: v.pipe(v.string(), v.examples([`https://im.example.com/uploads/${example.UPLOAD_TOKEN}`])),
  },
  v.unknown(),
);

const described = v.pipe(
  schema.anyObject(),
  v.description(
    "`name`, `mime_type`, `metaData`, `ACL`, `prefix`, `keep_file_name`, with the master key `key`; and any plain fields " +
      "of the app's own.",
  ),
  schema.shown({ name: "cheese.png", mime_type: "image/png", metaData: { size: 12 } }),
);

const external = v.pipe(
  schema.anyObject(),
  v.description("As for `fileTokens`, with a `url`."),
  schema.shown({
    name: "cheese.png",
    url: "https://example.com/cheese.png",
    mime_type: "image/png",
    metaData: { __source: "external" },
  }),
);

const added = v.object({
  objectId: id,
  createdAt: schema.isoTime(),
  name: named.name,
  url: v.pipe(v.string(), v.examples(["https://example.com/cheese.png"])),
});

const ending = v.looseObject({
  token: v.pipe(v.string(), v.maxLength(64, "must be a token"), v.examples([example.UPLOAD_TOKEN])),
  result: v.optional(v.pipe(v.unknown(), v.description("False if the upload failed: the file is removed."))),
});

const reading = v.looseObject({ returnACL: v.optional(schema.flagText(false)) });

const finding = v.object({
  where: v.optional(
    v.pipe(
      schema.objectText(),
      v.description("Conditions, JSON."),
      schema.shown('{"mime_type":"image/png"}'),
    ),
  ),
  order: v.optional(v.pipe(v.string(), v.examples(["-createdAt"]))),
  limit: v.optional(v.pipe(schema.numberText(), v.description("0 to 1000; 100 without."))),
  skip: v.optional(schema.numberText(0)),
  count: v.optional(v.pipe(schema.flagText(true), v.description("Answer how many there are, too."))),
  returnACL: v.optional(schema.flagText(false)),
  // Rows are always complete.
  keys: v.optional(v.string()),
  include: v.optional(v.string()),
});

const found = v.object({
  results: v.array(row),
  count: v.optional(v.pipe(v.number(), v.integer(), v.examples([1]))),
});

/** Files that messages speak of (B-15). */
export const fileRoutes = new Hono<HttpEnv>()
  .post(
    "/1.1/fileTokens",
    operation({
      id: "announceFile",
      tag: "Files",
      summary: "Announce a file",
      description:
        "Answers where its bytes go, and the URL that it will have. A PUT to `upload_url` within 15 minutes has the file " +
        "as its body. Where `provider` is `qiniu`, it is a POST of a multipart form, whose part `file` is the file. A " +
        "file without bytes is removed after a day.",
      access: "app",
      answer: announced,
      status: 201,
    }),
    takes("json", described, "kept", "as written"),
    async (context) => respond(context, await announceFile(context, context.req.valid("json"))),
  )
  .post(
    "/1.1/fileCallback",
    operation({
      id: "endUpload",
      tag: "Files",
      summary: "Say how an upload ended",
      description: "Until then the token can take the file back.",
      access: "app",
      answer: schema.nothing,
    }),
    takes("json", ending),
    async (context) => {
      const { token, result } = context.req.valid("json");
      return respond(context, await endUpload(context.env, token, result !== false && result !== "false"));
    },
  )
  .post(
    PATH,
    operation({
      id: "addExternalFile",
      tag: "Files",
      summary: "Add a file that is elsewhere",
      description: SPELLINGS,
      access: "app",
      answer: added,
      status: 201,
    }),
    takes("json", external, "kept", "as written"),
    async (context) => respond(context, await addExternalFile(context, context.req.valid("json"))),
  )
  .post(
    `${PATH}/:id`,
    operation({
      id: "addExternalFileByName",
      tag: "Files",
      summary: "Add a file that is elsewhere, as JavaScript before version 4 does",
      access: "app",
      answer: added,
      status: 201,
    }),
    takes(
      "param",
      v.object({ id: v.pipe(v.string(), v.description("Its name."), v.examples(["cheese.png"])) }),
    ),
    takes("json", external, "kept", "as written"),
    async (context) => {
      const { id: name } = context.req.valid("param");
      return respond(context, await addExternalFile(context, { name, ...context.req.valid("json") }));
    },
  )
  .get(
    PATH,
    operation({
      id: "findFileRows",
      tag: "Files",
      summary: "Find files",
      description: `The oldest first, where no order is asked for. ${SPELLINGS}`,
      access: "master",
      answer: found,
    }),
    takes("query", finding),
    async (context) => {
      const { returnACL: withAcl = false, ...search } = context.req.valid("query");
      const shown = { base: await baseOf(context), withAcl, withOrigin: true };
      return respond(context, await searchFiles(context.env, search, shown));
    },
  )
  .get(
    `${PATH}/:id`,
    operation({
      id: "getFileRow",
      tag: "Files",
      summary: "Read a file's row",
      description: `With the app key as far as its \`ACL\` lets everybody read. ${SPELLINGS}`,
      access: "app",
      answer: row,
    }),
    takes("param", one),
    takes("query", reading),
    async (context) => {
      const { returnACL: withAcl = false } = context.req.valid("query");
      const { id } = context.req.valid("param");
      return respond(context, await readFile(context, id, withAcl));
    },
  )
  .delete(
    `${PATH}/:id`,
    operation({
      id: "deleteFileRow",
      tag: "Files",
      summary: "Delete a file and its bytes",
      description: SPELLINGS,
      access: "master",
      answer: schema.nothing,
    }),
    takes("param", one),
    takes("query", schema.deleting),
    async (context) => respond(context, await deleteFile(context, context.req.valid("param").id)),
  );
