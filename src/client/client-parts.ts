import type { AccessRecords } from "./access-records.ts";
import type { CatchUpSchedule } from "./catch-up-schedule.ts";
import type { ClientServices } from "./client-ports.ts";
import type { DeviceBindings } from "./device-bindings.ts";
import type { DeviceRooms } from "./device-rooms.ts";
import type { FirstLogin } from "./first-login.ts";
import type { Inbox } from "./inbox.ts";
import type { SessionLifecycle } from "./session-lifecycle.ts";
import type { Sessions } from "./sessions.ts";
import type { SubscribedServices } from "./subscribed-services.ts";

/** The parts of one client that its commands work with. */
export interface ClientParts {
  catchUps: CatchUpSchedule;
  devices: DeviceBindings;
  firstLogin: FirstLogin;
  inbox: Inbox;
  rooms: DeviceRooms;
  lifecycle: SessionLifecycle;
  records: AccessRecords;
  services: ClientServices;
  sessions: Sessions;
  subscribed: SubscribedServices;
}
