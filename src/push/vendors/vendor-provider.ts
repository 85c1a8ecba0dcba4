import { loggableError } from "../../loggable-error.ts";
import type { Installation } from "../../model/installation.ts";
import type { Json } from "../../model/json.ts";
import type { VendorName } from "../../model/provider-name.ts";
import type { Outbound } from "../../outbound/http-client.ts";
import { printable } from "../../printable.ts";
import { readAsWritten } from "../../protocol/written-number.ts";
import {
  profileNamed,
  type VendorProfile,
  type VendorProfiles,
} from "../../settings/vendors/vendor-profiles.ts";
import { secretsOf } from "../../settings/vendors/vendor-settings.ts";
import { Access } from "../access.ts";
import { fingerprintOf } from "../fingerprint.ts";
import {
  failedOutcome,
  goneOutcome,
  type Outcome,
  type Preview,
  type PreviewingProvider,
  retryOutcome,
  type Target,
} from "../provider.ts";
import { callProvider, eachCall, type ProviderAnswer } from "../provider-calls.ts";
import type { PushStub } from "../push-stub.ts";
import type { Push } from "../push-work.ts";
import { nextDayInChina, type ProfileMemory } from "./profile-memory.ts";
import { withoutSecrets } from "./secret-texts.ts";
import type { Made, Sending, Vendor, VendorCall, Verdict } from "./vendor.ts";
import { hasPossibleId, keyFor, keyOf, profileNameOf, vendorOf } from "./vendor-device.ts";

export interface VendorProviderHost {
  /** Calls to the object that keeps tokens, each with a deadline. */
  keeper: Pick<PushStub, "vendorToken" | "tokenRefused" | "profileWorked" | "hasProfileWorked">;
  outbound: Outbound;
  memory: ProfileMemory;
  /** Is told each of the vendor's answers. */
  heard(answer: ProviderAnswer): void;
  now(): number;
}

/** An app's settings for one vendor. */
export interface VendorSetup<Profile extends VendorProfile> {
  profiles: VendorProfiles<Profile>;
  appName: string | undefined;
}

/** Devices that get the same message by the same account. */
interface Group<Profile, Message> {
  profileName: string;
  profile: Profile;
  fingerprint: string;
  made: Made<Message>;
  sending: Sending<Profile>;
}

interface Batch<Profile, Message> {
  group: Group<Profile, Message>;
  registrationIds: readonly string[];
}

/**
 * Android devices through their maker's push service: what is the same for all makers. A registration id that several
 * installations share is sent to once.
 */
export class VendorProvider<Profile extends VendorProfile, Message> implements PreviewingProvider {
  readonly name: VendorName;
  readonly #vendor: Vendor<Profile, Message>;
  readonly #setup: VendorSetup<Profile>;
  readonly #host: VendorProviderHost;

  constructor(vendor: Vendor<Profile, Message>, setup: VendorSetup<Profile>, host: VendorProviderHost) {
    this.name = vendor.name;
    this.#vendor = vendor;
    this.#setup = setup;
    this.#host = host;
  }

  serves({ deviceType, vendor = "", registrationId = "" }: Installation): boolean {
    const isOurs = this.#vendor.vendors.includes(vendor.toLowerCase());
    return deviceType.toLowerCase() === "android" && isOurs && registrationId !== "";
  }

  async send(push: Push, targets: readonly Target[]): Promise<Outcome[]> {
    const outcomes = new Map<string, Outcome>();
    try {
      const batches = await this.#batchesOf(push, targets, outcomes);
      const late = ({ registrationIds }: Batch<Profile, Message>, why: string) =>
        registrationIds.map(() => retryOutcome(why));
      const results = await eachCall(batches, (batch) => this.#sendBatch(batch), late, this.#host.now);
      for (const [at, { group, registrationIds }] of batches.entries()) {
        for (const [index, id] of registrationIds.entries()) {
          const outcome = results[at]?.[index] ?? failedOutcome(`${this.name} said nothing of it`);
          outcomes.set(keyOf(group.profileName, group.sending.vendor, id), outcome);
        }
      }
    } catch (error) {
      return targets.map(() => retryOutcome(loggableError(error)));
    }
    return targets.map(
      ({ installation }) =>
        outcomes.get(keyFor(installation)) ?? failedOutcome("no registration id any more"),
    );
  }

  async preview(push: Push, { installation }: Target): Promise<Preview> {
    const group = await this.#groupOf(push, installation);
    if (typeof group === "string") return { problem: group };
    if (!hasPossibleId(installation)) return { problem: NO_ID };
    if ("problem" in group.made) return group.made;
    const written = withoutSecrets(JSON.stringify(group.made.message), secretsOf(this.name, group.profile));
    const payload: Json = readAsWritten(written);
    return { payload };
  }

  /** The calls to make. Devices for which there is none get their outcome at once. */
  async #batchesOf(
    push: Push,
    targets: readonly Target[],
    outcomes: Map<string, Outcome>,
  ): Promise<Batch<Profile, Message>[]> {
    const installations = targets.map(({ installation }) => installation);
    const groups = Map.groupBy(
      installations.filter(({ registrationId = "" }) => registrationId !== ""),
      (each) => JSON.stringify([profileNameOf(each), vendorOf(each), this.#regionOf(each)]),
    );
    const batches: Batch<Profile, Message>[] = [];
    for (const members of groups.values()) {
      const [first] = members;
      if (first === undefined) continue;
      const group = await this.#groupOf(push, first);
      if (typeof group === "string") {
        for (const member of members) outcomes.set(keyFor(member), failedOutcome(group));
        continue;
      }
      const [named, unnamed] = [
        members.filter(hasPossibleId),
        members.filter((each) => !hasPossibleId(each)),
      ];
      for (const member of unnamed) outcomes.set(keyFor(member), failedOutcome(NO_ID));
      const ids = [...new Set(named.map(({ registrationId = "" }) => registrationId))];
      const { batchMax } = this.#vendor;
      for (let at = 0; at < ids.length; at += batchMax) {
        batches.push({ group, registrationIds: ids.slice(at, at + batchMax) });
      }
    }
    return batches;
  }

  /** A group, or the reason that nothing can be sent to its devices. */
  async #groupOf(push: Push, member: Installation): Promise<Group<Profile, Message> | string> {
    const { profiles, appName } = this.#setup;
    const [profileName, vendor, region] = [profileNameOf(member), vendorOf(member), this.#regionOf(member)];
    const profile = profileNamed(profiles, profileName);
    // A device of an unknown profile is not gone: the owner may set the profile.
    if (profile === undefined)
      return `there is no profile ${JSON.stringify(printable(profileName, 64))} in push.${this.name}`;
    const { now } = this.#host;
    const made = this.#vendor.messageOf(push, profile, { vendor, appName, now: now() });
    if ("problem" in made) return made.problem;
    const fingerprint = await fingerprintOf(this.#vendor.credentialsOf(profile));
    const sending = this.#sendingFor({ pushId: push.id, profile, profileName, vendor, region, fingerprint });
    return { profileName, profile, fingerprint, made, sending };
  }

  #sendingFor(given: {
    pushId: string;
    profile: Profile;
    profileName: string;
    vendor: string;
    region: string | undefined;
    fingerprint: string;
  }): Sending<Profile> {
    const { pushId, profile, profileName, vendor, region, fingerprint } = given;
    const { keeper, memory, now } = this.#host;
    const token = async () => {
      const kept = await keeper.vendorToken(this.name, profileName, region);
      if (kept?.hasWorked) memory.worked(fingerprint);
      return kept?.token;
    };
    let access: Access | undefined;
    const secrets = new Set(secretsOf(this.name, profile));
    return {
      profile,
      vendor,
      region,
      pushId,
      post: (call) => this.#post(call, secrets),
      withToken: async (callWith, isRefused) => {
        access ??= new Access({ token, refused: (refused) => keeper.tokenRefused(refused) });
        const callNoting = (accessToken: string) => {
          secrets.add(accessToken);
          return callWith(accessToken);
        };
        return access.call(callNoting, isRefused);
      },
      isUsedUp: (kind) => memory.isPaused(fingerprint, kind, now()),
      useUp: (kind) => memory.pause(fingerprint, kind, nextDayInChina(now())),
      now,
    };
  }

  #regionOf({ registrationId = "" }: Installation): string | undefined {
    return this.#vendor.regionOf?.(registrationId);
  }

  /** The answer without these secrets: the log and records quote it. */
  async #post({ url, headers, body }: VendorCall, secrets: Iterable<string>): Promise<ProviderAnswer> {
    const { outbound, heard } = this.#host;
    const init = { method: "POST", headers, body };
    const said = await callProvider((to, each) => outbound.fetch(to, each), url, init);
    const answer = { ...said, text: withoutSecrets(said.text, secrets) };
    heard(answer);
    return answer;
  }

  /** Rejects without an answer. */
  async #sendBatch(batch: Batch<Profile, Message>): Promise<Outcome[]> {
    const { group, registrationIds } = batch;
    const { made, fingerprint, sending } = group;
    if ("problem" in made) return registrationIds.map(() => failedOutcome(made.problem));
    const { memory, now } = this.#host;
    if (memory.isPaused(fingerprint, made.messageClass, now())) {
      return registrationIds.map(() => failedOutcome("the day's quota was used up, until 00:00 in China"));
    }
    const verdicts = await this.#vendor.send(made.message, registrationIds, sending);
    const isAny = (...names: Verdict["outcome"][]) => verdicts.some(({ outcome }) => names.includes(outcome));
    if (isAny("sent")) await this.#noteWorked(group);
    const belief = isAny("unknown", "noneKnown") ? await this.#beliefIn(group) : "disbelieved";
    if (isAny("noneKnown") && belief === "believed" && registrationIds.length > 1)
      return this.#sendSingly(batch);
    return verdicts.map((verdict) => {
      if (verdict.outcome === "quota") memory.pause(fingerprint, made.messageClass, nextDayInChina(now()));
      return outcomeOf(verdict, belief);
    });
  }

  /** A call for each device of a batch: any client may save an id for which a maker refuses the whole call. */
  async #sendSingly({ group, registrationIds }: Batch<Profile, Message>): Promise<Outcome[]> {
    const batches = registrationIds.map((id) => ({ group, registrationIds: [id] }));
    const late = (_: unknown, why: string) => [retryOutcome(why)];
    return (await eachCall(batches, (one) => this.#sendBatch(one), late, this.#host.now)).flat();
  }

  /** Notes once for each account that it works. Never rejects. */
  async #noteWorked({ profileName, fingerprint }: Group<Profile, Message>): Promise<void> {
    const { keeper, memory } = this.#host;
    if (memory.hasWorked(fingerprint)) return;
    try {
      await keeper.profileWorked(this.name, profileName, fingerprint);
      memory.worked(fingerprint);
    } catch (error) {
      console.warn(`push: not noted that ${this.name} works:`, loggableError(error));
    }
  }

  /** Whether to believe the vendor that devices are unknown to it. Never rejects: others may have been sent to. */
  async #beliefIn({ profileName, fingerprint }: Group<Profile, Message>): Promise<Belief> {
    const { keeper, memory } = this.#host;
    if (memory.hasWorked(fingerprint)) return "believed";
    try {
      const hasWorked = await keeper.hasProfileWorked(this.name, profileName, fingerprint);
      return hasWorked ? "believed" : "disbelieved";
    } catch (error) {
      console.warn(`push: whether ${this.name} has worked is not known:`, loggableError(error));
      return "undecided";
    }
  }
}

const NO_ID = "no registration id of this vendor";

/** What an account's word counts that it does not know its devices: it is believed if it has worked. */
type Belief = "believed" | "disbelieved" | "undecided";

function outcomeOf(verdict: Verdict, belief: Belief): Outcome {
  switch (verdict.outcome) {
    case "quota":
      return failedOutcome(`the day's quota is used up, until 00:00 in China: ${verdict.why}`);
    case "unknown":
    case "noneKnown":
      if (belief === "undecided") return retryOutcome(verdict.why);
      return belief === "believed"
        ? goneOutcome(verdict.why)
        : failedOutcome(`${verdict.why}: looks like keys of another app, since they have never worked`);
    default:
      return verdict;
  }
}
