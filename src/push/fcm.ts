import * as v from "valibot";
import { loggableError } from "../loggable-error.ts";
import type { Installation } from "../model/installation.ts";
import type { Outbound } from "../outbound/http-client.ts";
import { printable } from "../printable.ts";
import { parseJson } from "../protocol/json-text.ts";
import { Access } from "./access.ts";
import { fcmMessage } from "./fcm-payload.ts";
import { isFinalStatus } from "./final-status.ts";
import {
  failedOutcome,
  goneOutcome,
  type Outcome,
  type Preview,
  type PreviewingProvider,
  retryOutcome,
  type Target,
} from "./provider.ts";
import { callProvider, eachTarget, type ProviderAnswer, retryAfterOf } from "./provider-calls.ts";
import type { PushStub } from "./push-stub.ts";
import type { Push } from "./push-work.ts";

const GOOGLE = "https://fcm.googleapis.com";

export interface FcmRules {
  projectId: string;
  /** A server in place of Google's. */
  url: string | null;
}

/** The services that FCM pushes need. Every call has a deadline and may reject. */
export interface FcmHost {
  /** Calls to the token keeper, each with a deadline. */
  tokens: Pick<PushStub, "fcmToken" | "tokenRefused">;
  outbound: Outbound;
  now(): number;
}

/** Android devices, through Firebase Cloud Messaging's HTTP v1 API. */
export class Fcm implements PreviewingProvider {
  readonly name = "fcm";
  readonly #url: string;
  readonly #host: FcmHost;

  constructor({ projectId, url }: FcmRules, host: FcmHost) {
    const server = (url ?? GOOGLE).replace(/\/+$/, "");
    this.#url = `${server}/v1/projects/${encodeURIComponent(projectId)}/messages:send`;
    this.#host = host;
  }

  serves({ deviceType, vendor, registrationId }: Installation): boolean {
    const isFcm = deviceType.toLowerCase() === "android" && vendor?.toLowerCase() === "fcm";
    return isFcm && registrationId !== undefined && registrationId !== "";
  }

  async send(push: Push, targets: readonly Target[]): Promise<Outcome[]> {
    const { tokens } = this.#host;
    const access = new Access({
      token: () => tokens.fcmToken(),
      refused: (token) => tokens.tokenRefused(token),
    });
    try {
      await access.token();
    } catch (error) {
      return targets.map(() => retryOutcome(`no access token: ${loggableError(error)}`));
    }
    return eachTarget(targets, ({ installation }) => this.#sendTo(push, installation, access));
  }

  async preview(push: Push): Promise<Preview> {
    const made = fcmMessage(push, "", this.#host.now());
    if ("problem" in made) return made;
    const { token: _, ...payload } = made.message;
    return { payload };
  }

  /** Rejects without a response. */
  async #sendTo(push: Push, { registrationId }: Installation, access: Access): Promise<Outcome> {
    if (registrationId === undefined) return failedOutcome("no registration id any more");
    const { now } = this.#host;
    const made = fcmMessage(push, registrationId, now());
    if ("problem" in made) return failedOutcome(made.problem);
    const body = JSON.stringify({ message: made.message });
    const answer = await access.call(
      (token) => this.#post(body, token),
      ({ status }) => status === 401,
    );
    return outcomeOf(answer, now());
  }

  #post(body: string, token: string): Promise<ProviderAnswer> {
    const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
    const { outbound } = this.#host;
    return callProvider((url, init) => outbound.fetch(url, init), this.#url, {
      method: "POST",
      headers,
      body,
    });
  }
}

/** The parts of an FCM error that are used. */
const Failure = v.object({
  error: v.object({
    message: v.optional(v.string(), ""),
    details: v.optional(
      v.array(
        v.object({
          errorCode: v.optional(v.string()),
          fieldViolations: v.optional(v.array(v.object({ field: v.optional(v.string()) })), []),
        }),
      ),
      [],
    ),
  }),
});

/** The outcome of FCM's response for the device (as documented in November 2026). */
function outcomeOf({ status, headers, text }: ProviderAnswer, now: number): Outcome {
  const parsed = parseJson(text);
  const json = "value" in parsed ? parsed.value : undefined;
  if (status >= 200 && status <= 299) {
    // A proxy's page is no response of FCM, which names the message.
    return v.is(v.object({ name: v.string() }), json)
      ? { outcome: "sent" }
      : retryOutcome("an answer that is not FCM's");
  }
  const failure = v.safeParse(Failure, json);
  const { message, details } = failure.success ? failure.output.error : { message: "", details: [] };
  const codes = details.map(({ errorCode }) => errorCode);
  const hint = codes.includes("SENDER_ID_MISMATCH")
    ? ": the device registered with another Firebase project"
    : "";
  const why = `status ${status}: ${printable(message, 200)}${hint}`;
  const fields = details.flatMap(({ fieldViolations }) => fieldViolations.map(({ field }) => field));
  const isNoToken = fields.includes("message.token") || /registration token/i.test(message);
  if (status === 404 && codes.includes("UNREGISTERED")) return goneOutcome(why);
  if (status === 400 && isNoToken) return goneOutcome(why);
  if (isFinalStatus(status) && status !== 401) return failedOutcome(why);
  return retryOutcome(why, retryAfterOf(headers, now));
}
