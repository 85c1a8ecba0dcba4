import type { AlarmStorage } from "../alarm.ts";
import type { Sql, SqlRows, SqlValue } from "../sql.ts";
import type { UsageMeter } from "./usage-meter.ts";

/** The storage of an object, as far as its rows are counted. */
interface Storage extends AlarmStorage {
  sql: {
    exec<Row extends Record<string, SqlValue>>(
      query: string,
      ...bindings: SqlValue[]
    ): SqlRows<Row> & { readonly rowsWritten: number };
  };
}

/**
 * An object's SQLite and alarm with the rows counted that they write.
 *
 * @param conversationId of the conversation that it is the object of, if it is one's
 */
export function countedStorage(
  storage: Storage,
  usage: UsageMeter,
  conversationId: () => string | undefined = () => undefined,
): AlarmStorage & { sql: Sql } {
  const wrote = (rows: number) => usage.add("objectRows", rows, conversationId());
  const { sql } = storage;
  return {
    sql: {
      exec: <Row extends Record<string, SqlValue>>(query: string, ...bindings: SqlValue[]) => {
        const rows = sql.exec<Row>(query, ...bindings);
        // SQLite has written all rows before it returns the first one.
        const { rowsWritten } = rows;
        if (rowsWritten > 0) wrote(rowsWritten);
        return rows;
      },
    },
    getAlarm: () => storage.getAlarm(),
    setAlarm: (at) => {
      wrote(1);
      return storage.setAlarm(at);
    },
    deleteAlarm: () => {
      wrote(1);
      return storage.deleteAlarm();
    },
  };
}
