const NOT_YET = "not written yet";

/** Who is logged in on a device, and whether there is an installation by the name its sessions give it. */
export interface DeviceState {
  clientIds: string[];
  installed: boolean;
}

/** D1 failing throws. */
export async function deviceState(_db: D1Database, _device: string): Promise<DeviceState> {
  throw new Error(NOT_YET);
}

export interface DeviceBinding {
  device: string;
  clientId: string;
  /** Who was logged in there and is not any more. */
  leaving: readonly string[];
  /** Milliseconds. */
  now: number;
}

/**
 * A client logged in on a device, and others of before are not there any more: its installation's channels say so from
 * now on, also where the installation comes later (C-12, P-12).
 */
export async function bindDevice(_db: D1Database, _binding: DeviceBinding): Promise<void> {
  throw new Error(NOT_YET);
}

/** A client logged out on a device. */
export async function unbindDevice(
  _db: D1Database,
  _binding: { device: string; clientId: string },
): Promise<void> {
  throw new Error(NOT_YET);
}
