import type { VendorName } from "../model/provider-name.ts";
import type { PushTables } from "./push-tables.ts";

/**
 * Which profiles of phone makers' services have sent something with their present keys. A row for each profile, written
 * once for each of its keys: later pushes cost nothing.
 */
export class WorkingProfiles {
  readonly #tables: PushTables;

  constructor(tables: PushTables) {
    this.#tables = tables;
  }

  /** @param fingerprint of the profile's keys */
  hasWorked(vendor: VendorName, profile: string, fingerprint: string): boolean {
    const query = "SELECT 1 FROM working_profiles WHERE name = ? AND fingerprint = ?";
    return this.#tables.read("working_profiles", query, nameOf(vendor, profile), fingerprint).length > 0;
  }

  worked(vendor: VendorName, profile: string, fingerprint: string): void {
    if (this.hasWorked(vendor, profile, fingerprint)) return;
    const statement = "INSERT OR REPLACE INTO working_profiles (name, fingerprint) VALUES (?, ?)";
    this.#tables.add("working_profiles", statement, nameOf(vendor, profile), fingerprint);
  }
}

function nameOf(vendor: VendorName, profile: string): string {
  return `${vendor} ${JSON.stringify(profile)}`;
}
