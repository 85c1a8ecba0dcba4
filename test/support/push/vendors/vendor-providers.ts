import type { Json } from "../../../../src/model/json.ts";
import type { VendorName } from "../../../../src/model/provider-name.ts";
import { Outbound } from "../../../../src/outbound/http-client.ts";
import type { Target } from "../../../../src/push/provider.ts";
import { pushTables } from "../../../../src/push/push-tables.ts";
import { TokenKeeper } from "../../../../src/push/token-keeper.ts";
import { ProfileMemory } from "../../../../src/push/vendors/profile-memory.ts";
import type { Vendor } from "../../../../src/push/vendors/vendor.ts";
import { VendorProvider } from "../../../../src/push/vendors/vendor-provider.ts";
import { WorkingProfiles } from "../../../../src/push/working-profiles.ts";
import type { Settings } from "../../../../src/settings/schema.ts";
import type { VendorProfile, VendorProfiles } from "../../../../src/settings/vendors/vendor-profiles.ts";
import { settingsWith } from "../../app-hooks.ts";
import { MemorySql } from "../../sqlite.ts";
import { device, target } from "../pushes.ts";

/** The parts that outlive a provider: the object that keeps tokens, and an isolate's memory. */
export class VendorWorld {
  readonly sql = new MemorySql();
  /** A new one is another isolate. */
  memory = new ProfileMemory();
  /** Calls to the object, by name, in order. */
  readonly asked: string[] = [];
  /** What vendors answered, as the test push shows it. */
  readonly heard: string[] = [];
  /** Whether calls to the object fail. */
  isObjectDown = false;
  now: () => number = Date.now;
  readonly #outbound = new Outbound("trial", { open: fetch, all: fetch });
  readonly #tokens: TokenKeeper;
  readonly #working: WorkingProfiles;
  #push: Json = {};

  constructor() {
    const tables = pushTables(this.sql);
    this.#working = new WorkingProfiles(tables);
    this.#tokens = new TokenKeeper(tables, {
      push: async () => this.settings,
      outbound: async () => this.#outbound,
      now: () => this.now(),
    });
  }

  /** The settings `push` from now on. */
  configure(push: Json): void {
    this.#push = push;
  }

  get settings(): Settings["push"] {
    return settingsWith({ push: this.#push }).push;
  }

  /** The provider of the vendor by these settings. */
  provider<Profile extends VendorProfile, Message>(
    vendor: Vendor<Profile, Message>,
    profiles: (push: Settings["push"]) => VendorProfiles<Profile>,
  ): VendorProvider<Profile, Message> {
    const push = this.settings;
    const [tokens, working] = [this.#tokens, this.#working];
    const noted = <Answer>(name: string, answer: Answer) => {
      this.asked.push(name);
      if (this.isObjectDown) throw new Error("the object does not answer");
      return answer;
    };
    const keeper = {
      vendorToken: async (name: VendorName, profile: string, region: string | undefined) => {
        const made = await noted("vendorToken", tokens.vendor(name, profile, region));
        return made && { token: made.token, hasWorked: working.hasWorked(name, profile, made.fingerprint) };
      },
      tokenRefused: async (token: string) => noted("tokenRefused", tokens.refused(token)),
      profileWorked: async (name: VendorName, profile: string, fingerprint: string) =>
        noted("profileWorked", working.worked(name, profile, fingerprint)),
      hasProfileWorked: async (name: VendorName, profile: string, fingerprint: string) =>
        noted("hasProfileWorked", working.hasWorked(name, profile, fingerprint)),
    };
    const setup = { profiles: profiles(push), appName: push.appName ?? undefined };
    return new VendorProvider(vendor, setup, {
      keeper,
      outbound: this.#outbound,
      memory: this.memory,
      heard: ({ text }) => this.heard.push(text),
      now: () => this.now(),
    });
  }
}

/** Phones of a maker as targets. */
export function phonesOf(vendor: string, ...registrationIds: string[]): Target[] {
  return registrationIds.map((registrationId) =>
    target(device({ id: registrationId, vendor, registrationId })),
  );
}
