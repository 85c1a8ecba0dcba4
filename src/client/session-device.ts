import type { CommandOf } from "../protocol/commands.ts";
import { LABEL_LIMIT } from "./credentials.ts";
import type { DeviceBindings } from "./device-bindings.ts";
import type { Session } from "./session.ts";

/** Capability bit 2: the device's installation is to be bound to the client (wire §4.1). */
const BINDS_DEVICE = 4;

/**
 * Binds the device of a session to its client, for push (C-12).
 *
 * @param former the earlier name of the device in this session, under which it is unbound
 * @param now milliseconds
 */
export function bindSessionDevice(
  { identity, state }: Session,
  { deviceToken }: CommandOf<"session.open" | "report">,
  former: string | undefined,
  devices: DeviceBindings,
  now: number,
): void {
  if (state.phase !== "open" || state.pushDevice === undefined) return;
  const { capabilities, pushDevice: device } = state;
  const { clientId, connectionId } = identity;
  if (former !== undefined && former !== device) devices.sessionEnded(clientId, former);
  const takesPushes = deviceToken !== undefined || (capabilities & BINDS_DEVICE) !== 0;
  devices.loggedIn({ clientId, device, connectionId, takesPushes, at: now });
}

/** The device of a session has another push token than at the login. */
export function renameSessionDevice(
  session: Session,
  command: CommandOf<"report">,
  devices: DeviceBindings,
  now: number,
): void {
  const { deviceToken } = command;
  if (deviceToken === undefined || deviceToken.length > LABEL_LIMIT) return;
  const former = session.pushDevice;
  session.renameDevice(deviceToken);
  bindSessionDevice(session, command, former, devices, now);
}
