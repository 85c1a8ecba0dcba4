import type { Alarm } from "../alarm.ts";
import type { Sql } from "../sql.ts";
import { Client } from "./client.ts";
import type { ClientServices } from "./client-ports.ts";
import { SessionSockets } from "./session-sockets.ts";

/** What the rules of a client are given, beside the alarm. */
export type ServicesBesideAlarm = Omit<ClientServices, "retryAfter">;

/** A client's object in memory. */
export interface AssembledClient {
  client: Client;
  sockets: SessionSockets;
  /** The alarm went off. Never rejects. */
  runAlarm(): Promise<void>;
}

/**
 * Gives the rules of a client its storage, its alarm, its sessions and the rest of the service.
 *
 * @param restored the sockets of sessions that survived hibernation
 */
export function assembleClient(
  sql: Sql,
  alarm: Alarm,
  services: ServicesBesideAlarm,
  restored: ConstructorParameters<typeof SessionSockets>[0],
): AssembledClient {
  const sockets = new SessionSockets(restored);
  const allServices = { ...services, retryAfter: (delay: number) => alarm.within(delay) };
  const client = new Client(sql, allServices, () => sockets.sessions);
  return { client, sockets, runAlarm: () => alarm.run(() => client.retry()) };
}
