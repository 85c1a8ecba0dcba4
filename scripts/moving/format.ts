import * as v from "valibot";

/*
 * The folder that `npm run export` writes: see docs/export-format.md. Rows are checked and then kept as they were
 * written, so every schema lets columns pass that it does not name.
 */

export const FORMAT = 1;
export const MANIFEST = "manifest.json";

/** A path in a manifest that was tampered with must not lead out of the folder. */
function isInside(path: string): boolean {
  return !/[\\:]/.test(path) && !path.split("/").some((part) => part === "" || part === "." || part === "..");
}

const path = v.pipe(v.string(), v.check(isInside, "leads out of the folder"));
const id = v.pipe(v.string(), v.nonEmpty());
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const milliseconds = v.pipe(v.number(), v.safeInteger());
const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));

/** A file of rows, one JSON object a line. */
export const Part = v.object({
  /** What its rows are: `messages`, `classes/_User`, `lists/subscribers`, … */
  kind: v.string(),
  path,
  rows: count,
  bytes: count,
  sha256,
  /** The times of its oldest and newest rows (ms): of a message when it was sent, of a class's row its last change. */
  oldest: v.optional(milliseconds),
  newest: v.optional(milliseconds),
});

/** Something that the export does not have. */
export const Skipped = v.object({ what: v.string(), why: v.string(), count });

export const Manifest = v.object({
  format: v.literal(FORMAT),
  source: v.variant("kind", [
    v.object({ kind: v.literal("api"), server: v.string(), appId: v.string() }),
    v.object({ kind: v.literal("archive"), files: v.array(v.string()) }),
  ]),
  /** ISO 8601. */
  startedAt: v.pipe(v.string(), v.isoTimestamp()),
  finishedAt: v.pipe(v.string(), v.isoTimestamp()),
  /** What an export of changes goes back to; null for an export of everything. */
  since: v.nullable(
    v.object({
      /** The folder of the export that it continues, from this one on: it may be gone. */
      folder: v.optional(v.string()),
      /** When that export began. */
      startedAt: v.string(),
      /** Messages sent before are left out (ms). */
      messagesFrom: milliseconds,
      /** Rows last changed before are left out, except those of `_Conversation`. */
      rowsFrom: v.string(),
    }),
  ),
  /** Every message sent up to then (ms) is in this export or in those that it continues; null without messages. */
  messagesUntil: v.nullable(milliseconds),
  parts: v.array(Part),
  /** Rows by kind. */
  totals: v.record(v.string(), count),
  skipped: v.array(Skipped),
});

export type Part = v.InferOutput<typeof Part>;
export type Skipped = v.InferOutput<typeof Skipped>;
export type Manifest = v.InferOutput<typeof Manifest>;

/** A row of any class. */
export const ClassRow = v.looseObject({
  objectId: id,
  createdAt: v.optional(v.string()),
  updatedAt: v.optional(v.string()),
});

/** A message as the REST API tells it. `to` is the conversation; `data` is Base64 where `bin` says so. */
export const MessageRow = v.looseObject({
  "msg-id": id,
  timestamp: v.pipe(milliseconds, v.minValue(1)),
  to: id,
  from: v.string(),
  data: v.string(),
  bin: v.optional(v.boolean()),
});

/** A client that follows a service conversation. */
export const SubscriberRow = v.looseObject({
  conv_id: id,
  subscriber: id,
  timestamp: v.optional(v.number()),
});

/** A broadcast that is still valid, of a service conversation: `conv_id` is put in front. */
export const BroadcastRow = v.looseObject({ conv_id: id });

/** A client on a conversation's blacklist, or silenced in it. */
export const ClientOfConversation = v.object({ conv_id: id, client_id: id });

/** The unread messages of a client in a conversation; pairs without any are left out. */
export const UnreadRow = v.object({ conv_id: id, client_id: id, count });

/** The content of a file: stored at `path`, or missing for a reason. */
export const FileRow = v.union([
  v.object({ url: v.string(), objectId: v.optional(id), path, bytes: count, sha256 }),
  v.object({ url: v.string(), objectId: v.optional(id), missing: v.string() }),
]);

/** A row that its schema refuses, kept for people to look at: of the kind `odd/messages`, `odd/_User`, … */
export const OddRow = v.object({ why: v.string(), text: v.string() });

export type ClassRow = v.InferOutput<typeof ClassRow>;
export type MessageRow = v.InferOutput<typeof MessageRow>;
export type FileRow = v.InferOutput<typeof FileRow>;

/** The schema of a kind's rows. */
export function rowSchemaOf(kind: string): v.GenericSchema<unknown, object> {
  if (kind.startsWith("classes/")) return ClassRow;
  if (kind.startsWith("odd/")) return OddRow;
  const schema = schemas[kind];
  if (schema === undefined) throw new Error(`there are no rows of the kind ${kind}`);
  return schema;
}

const schemas: Record<string, v.GenericSchema<unknown, object>> = {
  messages: MessageRow,
  schemas: v.looseObject({ class: v.string() }),
  "lists/subscribers": SubscriberRow,
  "lists/broadcasts": BroadcastRow,
  "lists/blacklists": ClientOfConversation,
  "lists/silences": ClientOfConversation,
  "lists/unread": UnreadRow,
  files: FileRow,
};
