import { Validator } from "@cfworker/json-schema";
import { isObject, type Json } from "../../../src/model/json.ts";

/** Where a value does not fit a JSON schema of the OpenAPI document; undefined where it does. */
export function misfit(schema: Json | undefined, value: Json): string | undefined {
  if (!isObject(schema)) return undefined;
  const { valid, errors } = new Validator(schema, "2020-12").validate(value);
  return valid
    ? undefined
    : errors.map(({ instanceLocation, error }) => `${instanceLocation} ${error}`).join("\n");
}
