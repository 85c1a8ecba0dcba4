import type { Installation } from "../model/installation.ts";

const DEVICE_TYPES = new Set(["ios", "macos", "watchos", "tvos"]);

/** Whether a device is one of Apple's, which show a number on an icon (P-06). */
export function isAppleDevice({ deviceType }: Pick<Installation, "deviceType">): boolean {
  return DEVICE_TYPES.has(deviceType);
}
