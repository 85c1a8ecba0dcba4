import type { ScheduledPush } from "../env.ts";
import type { Sql } from "../sql.ts";

const NOT_YET = "not written yet";

/** Notifications that wait for their time (N-06, N-12), and requests that were made a moment ago. */
export class Schedule {
  constructor(_sql: Sql) {}

  add(_notificationId: string, _at: number): number {
    throw new Error(NOT_YET);
  }

  list(): ScheduledPush[] {
    throw new Error(NOT_YET);
  }

  remove(_number: number): string | undefined {
    throw new Error(NOT_YET);
  }

  due(_now: number): ScheduledPush[] {
    throw new Error(NOT_YET);
  }

  get nextAt(): number | undefined {
    throw new Error(NOT_YET);
  }

  claim(_requestId: string, _now: number): boolean {
    throw new Error(NOT_YET);
  }
}
