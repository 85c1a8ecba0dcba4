import * as v from "valibot";
import { isConversationId } from "../conversation/messages/ids.ts";
import { isClientId } from "../model/client-id.ts";
import { isObject, type Json, type JsonObject } from "../model/json.ts";
import { parseAsWritten } from "../protocol/json-text.ts";
import * as example from "./examples.ts";

/** Schemas that several operations share. Query parameters arrive as texts and are parsed. */

export const clientId = (called: string = example.SENDER) =>
  v.pipe(
    v.string(),
    v.minLength(1, "must be a client id"),
    v.maxLength(64, "must be a client id, which has at most 64 characters"),
    v.check(isClientId, "must be a client id, which has no control characters"),
    v.examples([called]),
  );

export const conversationId = () =>
  v.pipe(
    v.string(),
    v.check(isConversationId, "must be a conversation's id"),
    v.examples([example.CONVERSATION]),
  );

/** Foreign ids hold `+`, which a query not encoded with care turns into a space (http-api §1.1). */
export const messageId = () =>
  v.pipe(
    v.string(),
    v.transform((id) => id.replaceAll(" ", "+")),
    v.string(),
    v.minLength(1, "must be a message's id"),
    v.maxLength(64, "must be a message's id"),
    v.examples([example.MESSAGE]),
  );

/** A list of client ids, 1 to so many. */
export const clientIds = (most: number, called: string[] = [example.READER]) =>
  v.pipe(
    v.array(clientId()),
    v.minLength(1, "must name somebody"),
    v.maxLength(most, `must have at most ${most} entries`),
    v.examples([called]),
  );

const TIME = "must be a time in milliseconds";

/** A time in a body: a number, or its digits. */
export const time = () =>
  v.pipe(
    v.union([v.number(), v.pipe(v.string(), v.regex(/^\d+$/))], TIME),
    v.transform(Number),
    v.number(),
    v.safeInteger(TIME),
    v.minValue(0, TIME),
    v.examples([example.MESSAGE_AT]),
  );

/** A time in a query. */
export const timeText = (format = /^\d{1,15}$/, shown: number = example.MESSAGE_AT) =>
  v.pipe(
    v.string(),
    v.regex(format, TIME),
    v.transform((text) => Math.trunc(Number(text))),
    v.pipe(v.number(), v.integer(), v.minValue(0)),
    v.examples([shown]),
  );

/** A time after another one. */
export const laterText = () => timeText(undefined, example.LATER);

/** `true` or `false` in a query; Python writes `True`, others `1`. */
export const flagText = (shown: boolean) =>
  v.pipe(
    v.string(),
    v.toLowerCase(),
    v.picklist(["true", "false", "1", "0"], "must be true or false"),
    v.transform((text) => text === "true" || text === "1"),
    v.boolean(),
    v.examples([shown]),
  );

/** A number in a query. The operation decides about numbers out of its range. */
export const numberText = (shown = 100) =>
  v.pipe(
    v.string(),
    v.regex(/^-?\d{1,9}$/, "must be a whole number"),
    v.transform(Number),
    v.pipe(v.number(), v.integer()),
    v.examples([shown]),
  );

/** JSON in a query. */
export const objectText = () =>
  v.pipe(
    v.string(),
    v.rawTransform<string, Json>(({ dataset, addIssue, NEVER }) => {
      const parsed = parseAsWritten(dataset.value);
      if ("value" in parsed) return parsed.value;
      addIssue({ message: `must be JSON: ${parsed.problem}` });
      return NEVER;
    }),
    anyObject(),
    v.metadata({ type: "string" }),
  );

/** An example for the document, written as callers write it: before defaults and transformations. */
export const shown = <Input>(value: Json) =>
  v.metadata<Input, { readonly examples: readonly Json[] }>({ examples: [value] });

/** Any value of JSON. */
export const anything = () => v.custom<Json>((value) => value !== undefined);

/** Any JSON object, as `parseJson` let it pass. */
export const anyObject = () =>
  v.pipe(v.custom<JsonObject>(isObject, "must be a JSON object"), v.metadata({ type: "object" }));

/** The same, or an empty list: PHP writes one where it has nothing to say. */
export const objectOrNothing = () =>
  v.pipe(
    v.custom<JsonObject | []>(
      (value) => isObject(value) || (Array.isArray(value) && value.length === 0),
      "must be a JSON object",
    ),
    v.metadata({ type: "object" }),
  );

/** A message's content. Old back ends send a typed message as an object instead of its text. */
export const content = () =>
  v.pipe(
    v.union([v.string(), anyObject()], "must be a text"),
    v.transform((message) => (typeof message === "string" ? message : JSON.stringify(message))),
    v.description("Any text; a typed message is JSON in a text."),
    v.examples([example.TEXT]),
  );

/** Push content: an object, its JSON, or a text. */
export const pushData = () =>
  v.pipe(
    v.union([v.string(), anyObject()], "must be a text or an object"),
    v.transform((data) => (typeof data === "string" && isJson(data) ? data : JSON.stringify(data))),
    v.description("What people who are offline are pushed."),
  );

const isJson = (text: string): boolean => "value" in parseAsWritten(text);

export const isoTime = () => v.pipe(v.string(), v.isoTimestamp(), v.examples(["2023-11-14T22:13:20.000Z"]));

/** The answer of an operation without a result. */
export const nothing = v.pipe(v.object({}), v.examples([{}]));

export const updated = v.object({ objectId: conversationId(), updatedAt: isoTime() });

/** A condition of an operation that checks none. It is refused: otherwise the caller would believe that it was met. */
export const noCondition = (doing: string) =>
  v.optional(
    v.pipe(
      v.string(),
      v.check(() => false, `${doing} under a condition is not served`),
      v.description("Not served: refused."),
    ),
  );

/** Parameters of deletions, in a query or as `params` in a batch. */
export const deleting = v.object({ where: noCondition("deleting") });
