import * as v from "valibot";
import { isObject, type JsonObject } from "../model/json.ts";

/* Schemas of single settings. */

/** A whole number in a range. */
export function wholeNumber(least: number, most: number) {
  const problem = `must be a whole number from ${least} to ${most}`;
  return v.pipe(v.number(problem), v.integer(problem), v.minValue(least, problem), v.maxValue(most, problem));
}

/** How often one client may do something in a minute; 0 is unlimited. */
export const perMinute = () => wholeNumber(0, 1_000_000);

/** A setting's schema with a sentence that says what it does, for the API and the console. */
export const described = <Schema extends v.GenericSchema>(description: string, schema: Schema) =>
  v.pipe(schema, v.description<v.InferOutput<Schema>, string>(description));

/** A setting that no patch may name. */
export const setElsewhere = <Schema extends v.GenericSchema>(schema: Schema) =>
  v.pipe(schema, v.metadata<v.InferOutput<Schema>, { readonly readOnly: true }>({ readOnly: true }));

export const booleanSetting = () => v.boolean("must be true or false");

const URL_LENGTH_MAX = 2_048; // characters
const HOST_LENGTH_MAX = 253; // characters
const SECRET_LENGTH_MAX = 1_024; // characters
const LIST_MAX = 100;

/** An address to call. Its host is checked at the call, since the address of a name can change. */
export const address = () =>
  v.pipe(
    v.string("must be a URL"),
    v.maxLength(URL_LENGTH_MAX, "must be a URL"),
    v.check(isPlainUrl, "must be an http or https URL of a host, without user, password or fragment"),
  );

/** The text shown in place of a secret. */
export const HIDDEN = "***";

export const secret = (longest = SECRET_LENGTH_MAX) => {
  const problem = `must be a text of 1 to ${longest} characters`;
  return v.pipe(
    v.string(problem),
    v.minLength(1, problem),
    v.maxLength(longest, problem),
    v.notValue(HIDDEN, `is shown as ${HIDDEN} but cannot be that; leave it out to keep it`),
    v.metadata({ format: "password" }),
  );
};

export const listOf = <Item extends v.GenericSchema>(item: Item) =>
  v.pipe(v.array(item, "must be a list"), v.maxLength(LIST_MAX, `must have at most ${LIST_MAX} entries`));

export const group = <Entries extends v.ObjectEntries>(entries: Entries) =>
  v.strictObject(entries, ({ expected }) => {
    if (expected === "never") return "is not a setting";
    return expected === "Object" ? "must be an object of settings" : "is missing";
  });

/** The same, with a rule of its own about the URL, which is asked only about texts that are one. */
export const addressThat = (holds: (url: URL) => boolean, problem: string) =>
  v.pipe(
    address(),
    v.check((text) => !isPlainUrl(text) || holds(new URL(text)), problem),
  );

/** An address before paths. It may have a path of its own. */
export const baseAddress = () => addressThat(({ search }) => search === "", "must be a URL without a query");

function isPlainUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  const plain = url.username === "" && url.password === "" && url.hash === "";
  return plain && (url.protocol === "https:" || url.protocol === "http:") && isHostName(url.hostname);
}

/** Whether a host, as a URL has it, can be one: the URL standard takes `*` and `a..b`, too. */
export function isHostName(host: string): boolean {
  if (host.startsWith("[")) return true;
  const labels = host.replace(/\.$/, "").split(".");
  return (
    host.length <= HOST_LENGTH_MAX &&
    labels.every((label) => /^[a-z\d_](?:[a-z\d_-]{0,61}[a-z\d_])?$/.test(label))
  );
}

/** Any JSON object. */
export const jsonObject = () =>
  v.pipe(v.custom<JsonObject>(isObject, "must be a JSON object"), v.metadata({ type: "object" }));
