import { NOTIFICATIONS } from "../support/push.ts";
import { done } from "../support/rest.ts";

/** The path of pushes to devices by their ids. */
export const DEVICES = "/1.1/push/devices";
export const cheese = { data: { alert: "Cheese" } };

let ids = 0;
/** An id that the app chooses, another in each test. */
export const ownId = (): string => `launch${++ids}x${Math.floor(Math.random() * 1e8)}`.slice(0, 16);

/** The record of a notification. */
export const record = (id: string) => done<Record<string, unknown>>("GET", `${NOTIFICATIONS}/${id}`);
