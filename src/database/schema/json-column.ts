import { customType } from "drizzle-orm/sqlite-core";
import type { JsonObject } from "../../model/json.ts";
import { readAsWritten } from "../../protocol/written-number.ts";

/** JSON of apps, whose numbers are kept as they were written. */
export const json = customType<{ data: JsonObject; driverData: string }>({
  dataType: () => "text",
  toDriver: (value) => JSON.stringify(value),
  fromDriver: readAsWritten,
});
