import { type Context, Hono } from "hono";
import * as v from "valibot";
import { frontOf, senderOf } from "../../gateway/address.ts";
import type { HttpEnv } from "../env.ts";
import * as example from "../examples.ts";
import { identify, operation, takes } from "../operation.ts";
import { type ApiResponse, respond } from "../response.ts";
import * as schema from "../schemas.ts";
import {
  readInstallation,
  removeInstallation,
  type Saver,
  searchInstallations,
  storeInstallation,
} from "./installation-requests.ts";

/** The paths of the push SDKs and of the storage SDKs, where installations are a class. */
const PATHS = [
  { path: "/1.1/installations", suffix: "" },
  { path: "/1.1/classes/_Installation", suffix: "OfClass" },
];

const id = v.pipe(v.string(), v.maxLength(64), v.examples([example.INSTALLATION]));
const one = v.object({ id });

const row = v.pipe(
  v.objectWithRest(
    {
      objectId: id,
      deviceType: v.pipe(v.string(), v.description("`ios`, `android`, `web` or another.")),
      deviceToken: v.optional(v.pipe(v.string(), v.description("Apple's; not shown of a browser."))),
      installationId: v.optional(v.pipe(v.string(), v.description("Chosen by the device itself."))),
      registrationId: v.optional(v.pipe(v.string(), v.description("A vendor's token."))),
      vendor: v.optional(v.string()),
      channels: v.pipe(v.array(v.string()), v.description("The clients logged in there are among them.")),
      valid: v.pipe(v.boolean(), v.description("False excludes it from every push.")),
      badge: v.pipe(v.number(), v.integer()),
      createdAt: schema.isoTime(),
      updatedAt: schema.isoTime(),
    },
    v.unknown(),
  ),
  schema.shown({
    objectId: example.INSTALLATION,
    deviceType: "ios",
    deviceToken: example.DEVICE_TOKEN,
    channels: ["news", example.READER],
    valid: true,
    badge: 0,
    timeZone: "Asia/Shanghai",
    apnsTopic: "com.example.cheese",
    apnsTeamId: "DEF123GHIJ",
    createdAt: "2023-11-14T22:13:20.000Z",
    updatedAt: "2023-11-14T22:13:20.000Z",
  }),
);

const FIELDS =
  "`deviceType`, `deviceToken`, `installationId`, `registrationId`, `vendor`, `channels`, `valid`, `badge`, " +
  "`timeZone`, `apnsTopic`, `apnsTeamId`, `deviceProfile`, and any of the app's own: values, null for none, or " +
  "operations on them (`__op`).";

const described = v.pipe(
  schema.anyObject(),
  v.description(FIELDS),
  schema.shown({
    deviceType: "ios",
    deviceToken: example.DEVICE_TOKEN,
    channels: ["news"],
    timeZone: "Asia/Shanghai",
    apnsTopic: "com.example.cheese",
    apnsTeamId: "DEF123GHIJ",
  }),
);

const changes = v.pipe(
  schema.anyObject(),
  v.description(FIELDS),
  schema.shown({ channels: { __op: "AddUnique", objects: ["sports"] }, badge: 0 }),
);

/** Options of a save, in a query or as `params` in a batch. */
export const saving = v.object({
  fetchWhenSave: v.optional(v.pipe(schema.flagText(true), v.description("Answer every field."))),
  new: v.optional(v.pipe(schema.flagText(true), v.description("The same."))),
  where: schema.noCondition("saving"),
});

const saved = v.pipe(
  v.objectWithRest(
    { objectId: id, createdAt: schema.isoTime(), updatedAt: v.optional(schema.isoTime()) },
    v.unknown(),
  ),
  schema.shown({
    objectId: example.INSTALLATION,
    createdAt: "2023-11-14T22:13:20.000Z",
    updatedAt: "2023-11-14T22:13:20.000Z",
  }),
);

/** Options of a query, in a query string or a batch. */
export const finding = v.object({
  where: v.optional(
    v.pipe(
      schema.objectText(),
      v.description("Conditions, JSON."),
      schema.shown('{"channels":"news","deviceType":"ios"}'),
    ),
  ),
  order: v.optional(v.pipe(v.string(), v.examples(["-updatedAt"]))),
  limit: v.optional(v.pipe(schema.numberText(), v.description("0 to 1000; 100 without."))),
  skip: v.optional(schema.numberText(0)),
  count: v.optional(v.pipe(schema.flagText(true), v.description("Answer how many there are, too."))),
  // Rows are always complete.
  keys: v.optional(v.string()),
  include: v.optional(v.string()),
  returnACL: v.optional(v.string()),
});

const found = v.object({
  results: v.array(row),
  count: v.optional(v.pipe(v.number(), v.integer(), v.examples([1]))),
});

/** Devices that receive mobile pushes (N-01, http-api §10.1). */
export const installationRoutes = new Hono<HttpEnv>();

for (const { path, suffix } of PATHS) {
  installationRoutes
    .post(
      path,
      operation({
        id: `saveInstallation${suffix}`,
        tag: "Push",
        summary: "Save an installation",
        description:
          "One whose `deviceToken` or `installationId` is known is changed instead, with 200. The clients that are " +
          "logged in on the device stay among its channels whatever is sent, and are not answered.",
        access: "app",
        answer: saved,
        status: 201,
      }),
      takes("query", saving),
      takes("json", described, "kept", "as written"),
      async (context) => {
        const { fetchWhenSave = false, new: fresh = false } = context.req.valid("query");
        const full = fetchWhenSave || fresh;
        return answer(
          context,
          await storeInstallation(
            context.env,
            { id: undefined, changes: context.req.valid("json"), full },
            await saverOf(context),
          ),
        );
      },
    )
    .get(
      path,
      operation({
        id: `findInstallations${suffix}`,
        tag: "Push",
        summary: "Find installations",
        description: "The oldest first, where no order is asked for.",
        access: "master",
        answer: found,
      }),
      takes("query", finding),
      async (context) => answer(context, await searchInstallations(context.env, context.req.valid("query"))),
    )
    .get(
      `${path}/:id`,
      operation({
        id: `getInstallation${suffix}`,
        tag: "Push",
        summary: "Read an installation",
        access: "app",
        answer: row,
      }),
      takes("param", one),
      async (context) =>
        answer(context, await readInstallation(context.env.DB, context.req.valid("param").id)),
    )
    .put(
      `${path}/:id`,
      operation({
        id: `updateInstallation${suffix}`,
        tag: "Push",
        summary: "Change an installation",
        description:
          "An id that is not known is no matter where the body has a `deviceToken` or `installationId`: then it is " +
          "saved as with POST, with 201 where it is new: for the master key under that id, else under one of the server's.",
        access: "app",
        answer: saved,
      }),
      takes("param", one),
      takes("query", saving),
      takes("json", changes, "kept", "as written"),
      async (context) => {
        const { fetchWhenSave = false, new: fresh = false } = context.req.valid("query");
        const full = fetchWhenSave || fresh;
        const { id } = context.req.valid("param");
        const change = { id, changes: context.req.valid("json"), full };
        return answer(context, await storeInstallation(context.env, change, await saverOf(context)));
      },
    )
    .delete(
      `${path}/:id`,
      operation({
        id: `deleteInstallation${suffix}`,
        tag: "Push",
        summary: "Delete an installation",
        access: "master",
        answer: schema.nothing,
      }),
      takes("param", one),
      takes("query", schema.deleting),
      async (context) =>
        answer(context, await removeInstallation(context.env.DB, context.req.valid("param").id)),
    );
}

function answer(context: Context<HttpEnv>, given: ApiResponse): Response {
  if (given.failure === undefined && given.status === 201)
    context.header("Location", `/1.1/installations/${given.body.objectId}`);
  return respond(context, given);
}

/** The caller for which a request saves installations. */
export async function saverOf(context: Context<HttpEnv>): Promise<Saver> {
  if ((await identify(context)) === "master") return { isOwner: true };
  return { isOwner: false, countedAs: senderOf(context.req.raw.headers, frontOf(context.env)).countedAs };
}
