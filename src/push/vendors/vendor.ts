import type { VendorName } from "../../model/provider-name.ts";
import type { VendorProfile } from "../../settings/vendors/vendor-profiles.ts";
import type { Outcome } from "../provider.ts";
import type { ProviderAnswer } from "../provider-calls.ts";
import type { Push } from "../push-work.ts";

/** What a vendor's answer means for one device. */
export type Verdict =
  | Outcome
  /** The day's quota for this class of message is used up. */
  | { outcome: "quota"; why: string }
  /**
   * The vendor does not know the device, nor another one of the call: they no longer exist, or the profile is of
   * another app. The provider believes it only of a profile that has worked before.
   */
  | { outcome: "unknown"; why: string }
  /**
   * The vendor refuses the call for its devices without naming one. One of several may be the reason, so the provider
   * asks for each by itself before it believes it.
   */
  | { outcome: "noneKnown"; why: string };

/** The message for all devices of one profile, or the reason that there is none. */
export type Made<Message> =
  /** `messageClass` names what the vendor counts a day's quota for: a category or a channel, or "" if it has none. */
  { message: Message; messageClass: string } | { problem: string };

export interface Circumstances {
  /** The installations' `vendor` in lower case: Xiaomi has two. */
  vendor: string;
  /** The title of a push that has none; undefined if the app has not set it. */
  appName: string | undefined;
  /** Milliseconds. */
  now: number;
}

/** A call to a vendor's server. */
export interface VendorCall {
  url: string;
  headers: Record<string, string>;
  body: string;
}

/** What a vendor's module needs to send. Every call has a deadline, and rejects without an answer. */
export interface Sending<Profile> {
  profile: Profile;
  /** The installations' `vendor` in lower case. */
  vendor: string;
  /** The devices' region, as the vendor tells regions apart. */
  region: string | undefined;
  /** The push's id, the same at every attempt. */
  pushId: string;
  post(call: VendorCall): Promise<ProviderAnswer>;
  /** The answer to a call with an access token. If the token is refused, it is replaced once and the call repeated. */
  withToken(
    callWith: (token: string) => Promise<ProviderAnswer>,
    isRefused: (answer: ProviderAnswer) => boolean,
  ): Promise<ProviderAnswer>;
  /** Whether the day's calls of a kind are used up, and that they are. */
  isUsedUp(kind: string): boolean;
  useUp(kind: string): void;
  now(): number;
}

/** A phone maker's push service: everything in which they differ. */
export interface Vendor<Profile extends VendorProfile, Message> {
  readonly name: VendorName;
  /** The values of installations' `vendor`, in lower case. */
  readonly vendors: readonly string[];
  /** The most devices of one call. */
  readonly batchMax: number;
  /** The profile's account as one text: app id and keys. A profile with another one has yet to work. */
  credentialsOf(profile: Profile): string;
  /** A region whose devices have a server and an access token of their own; undefined for the others. */
  regionOf?(registrationId: string): string | undefined;
  messageOf(push: Push, profile: Profile, circumstances: Circumstances): Made<Message>;
  /** Sends to at most `batchMax` different registration ids; the verdicts are in their order. Rejects without an answer. */
  send(message: Message, registrationIds: readonly string[], sending: Sending<Profile>): Promise<Verdict[]>;
}

/** An access token that was just fetched. */
export interface FetchedToken {
  token: string;
  /** The time to replace it (ms). */
  renewAt: number;
}
