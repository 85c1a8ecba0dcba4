import { type Answer, type Call, limitOf, ok, refused } from "./answer.ts";
import type { AppData, Row } from "./app-data.ts";

const CURSOR_LIFE = 600_000; // ms

/** Classes by scan and by query. */
export class Rows {
  readonly #data: AppData;
  readonly #cursors = new Map<string, { className: string; after: string; at: number }>();
  /** Moves the clock of cursors, in milliseconds. */
  clock = 0;

  constructor(data: AppData) {
    this.#data = data;
  }

  scan(className: string, call: Call): Answer {
    const rows = this.#data.classes[className];
    if (rows === undefined) return noSuchClass;
    const given = call.query.get("cursor");
    const cursor = given === null ? undefined : this.#cursors.get(given);
    const now = Date.now() + this.clock;
    if (given !== null && (cursor?.className !== className || now - cursor.at > CURSOR_LIFE)) {
      return refused(400, 1, "Invalid cursor.");
    }
    const found = matching(rows, call).filter((row) => !(row.objectId <= (cursor?.after ?? "")));
    const results = found.slice(0, limitOf(call));
    const last = results.at(-1);
    if (last === undefined || results.length === found.length)
      return ok({ results: shown(className, results), cursor: null });
    const next = `${className}-${this.#cursors.size}`;
    this.#cursors.set(next, { className, after: last.objectId, at: now });
    return ok({ results: shown(className, results), cursor: next });
  }

  get(className: string, id: string): Answer {
    const row = this.#data.classes[className]?.find(({ objectId }) => objectId === id);
    return row === undefined ? refused(404, 101, "Object not found.") : ok(shown(className, [row])[0]);
  }

  query(className: string, call: Call): Answer {
    const rows = this.#data.classes[className];
    if (rows === undefined) return noSuchClass;
    const found = matching(rows, call);
    const count = call.query.has("count") ? { count: found.length } : {};
    if (call.query.get("limit") === "0") return ok({ results: [], ...count });
    const skip = Number(call.query.get("skip") ?? 0);
    return ok({ results: found.slice(skip, skip + limitOf(call)), ...count });
  }

  schemas(): Answer {
    const columns = { objectId: { type: "String" }, createdAt: { type: "Date" } };
    return ok(Object.fromEntries(Object.keys(this.#data.classes).map((name) => [name, columns])));
  }
}

const noSuchClass = refused(404, 101, "Class or object doesn't exists.");

/** A scan tells no `url` of a file. */
function shown(className: string, rows: Row[]): Row[] {
  return className === "_File" ? rows.map((row) => ({ ...row, url: undefined })) : rows;
}

/** The conditions that the export asks with; others are not known. */
function matching(rows: Row[], { query }: Call): Row[] {
  const where = JSON.parse(query.get("where") ?? "{}");
  return rows.filter((row) =>
    Object.entries<Record<string, unknown>>(where).every(([column, condition]) => {
      if (column === "objectId") return row.objectId > String(condition.$gt);
      const since = condition.$gte;
      if (column !== "updatedAt" || typeof since !== "object" || since === null || !("iso" in since)) {
        throw new Error(`the double has no condition ${query.get("where")}`);
      }
      return String(row.updatedAt) >= String(since.iso);
    }),
  );
}
