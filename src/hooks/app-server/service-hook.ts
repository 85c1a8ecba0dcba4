import { createHash } from "node:crypto";
import type { AppEvent, EventOf } from "../../model/app-events.ts";
import type { JsonObject } from "../../model/json.ts";
import type { Outbound } from "../../outbound/http-client.ts";
import { webhookHeaders } from "../../outbound/webhook-headers.ts";
import { toBase64 } from "../../protocol/base64.ts";
import { failedAnswer, type HookAnswer } from "./hook-answer.ts";

/** A message that a client wrote to a service conversation. */
export type WrittenToService = { id: string; at: number } & EventOf<"messageSent">;

const DEADLINE = 5_000; // ms, as LeanMessage gives it

interface ServiceHookHost {
  outbound: Outbound;
  now(): number;
}

/** Whether a client wrote it to a service: it has no recipients, and is kept. */
export function isWrittenToService(event: AppEvent): event is WrittenToService & AppEvent {
  if (event.name !== "messageSent" || event.transient) return false;
  return event.isForService === true && event.to?.length === 0;
}

/** The hook of service conversations (http-api §9): one POST of a list. Every status of 2xx is success. */
export async function callServiceHook(
  messages: readonly WrittenToService[],
  { url, secret }: { url: string; secret: string | null },
  host: ServiceHookHost,
): Promise<HookAnswer> {
  const body = JSON.stringify(messages.map(rowOf));
  const headers = await webhookHeaders(secret, { id: requestId(messages), at: host.now(), body });
  const reply = await host.outbound.send({ url: new URL(url), method: "POST", headers, body }, DEADLINE);
  if ("unanswered" in reply) return failedAnswer("unanswered", reply.unanswered);
  if (reply.status < 200 || reply.status > 299) return failedAnswer("unable", `status ${reply.status}`);
  return { outcome: "answered", result: undefined };
}

/** The same for the same messages alone: a receiver that drops what it knows must not drop one that came later. */
function requestId(messages: readonly WrittenToService[]): string {
  const ids = messages.map(({ id }) => id);
  return createHash("sha256").update(JSON.stringify(ids)).digest("base64url");
}

function rowOf({
  messageId,
  from,
  address,
  content,
  conversationId,
  timestamp,
}: WrittenToService): JsonObject {
  const isText = typeof content === "string";
  const date = { __type: "Date", iso: new Date(timestamp).toISOString() };
  return {
    msgId: messageId,
    from,
    ...(address !== undefined && { fromIp: address }),
    bin: !isText,
    data: isText ? content : toBase64(content),
    conv: { __type: "Pointer", className: "_Conversation", objectId: conversationId },
    createdAt: date,
    updatedAt: date,
  };
}
