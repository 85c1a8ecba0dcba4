import { answer, get, post } from "../../api/client.ts";
import type { Outgoing, Picture, Target } from "./outgoing.ts";
import { remembered } from "./remembered.ts";

/** The kind of conversation that it is sent through. */
export const kindOf = (target: Target) => {
  if (target === "conversation") return "normal";
  return target === "room" ? "room" : "system";
};

export function findPlaces(
  asked: { target: Target; id?: string | undefined; name?: string | undefined },
  signal: AbortSignal,
) {
  const query = { kind: kindOf(asked.target), id: asked.id, name_contains: asked.name, limit: 6 } as const;
  return answer(get("/admin/conversations", { params: { query }, signal }));
}

export type Place = Awaited<ReturnType<typeof findPlaces>>["results"][number];

/** How many would get it, as far as it is known. */
export interface Reach {
  count: number;
  of: "members" | "present" | "subscribers" | "clients" | "online";
}

export async function readReach(target: Target, place: Place, clients: string[]): Promise<Reach> {
  const params = { path: { id: place.id } };
  switch (target) {
    case "conversation":
      return { count: place.member_count, of: "members" };
    case "room": {
      const { result } = await answer(get("/1.2/rtm/chatrooms/{id}/members/online-count", { params }));
      return { count: result, of: "present" };
    }
    case "subscribers": {
      const path = "/1.2/rtm/service-conversations/{id}/subscribers/count";
      return { count: (await answer(get(path, { params }))).count, of: "subscribers" };
    }
    case "clients":
      return { count: clients.length, of: "clients" };
    case "everyone": {
      const { online } = await answer(get("/admin/clients", { params: { query: { limit: 1 } } }));
      return { count: online, of: "online" };
    }
  }
}

/** Sends it. The same once more, after an answer that was lost, is not said twice. */
export function send(outgoing: Outgoing) {
  const { target, conversationId, clients, push, validTill, mentionAll } = outgoing;
  const header = { "Idempotency-Key": remembered(JSON.stringify(outgoing)) };
  const path = { id: conversationId };
  const said = {
    from_client: outgoing.from,
    message: outgoing.message,
    transient: outgoing.transient,
    mention_all: mentionAll,
  };
  const withPriority = Object.assign({ push_data: push, priority: outgoing.priority }, said);
  switch (target) {
    case "conversation": {
      const body = Object.assign({ push_data: push }, said);
      return answer(post("/1.2/rtm/conversations/{id}/messages", { params: { path, header }, body }));
    }
    case "room":
      return answer(
        post("/1.2/rtm/chatrooms/{id}/messages", { params: { path, header }, body: withPriority }),
      );
    case "clients": {
      const body = Object.assign({ to_clients: clients }, withPriority);
      return answer(post("/1.2/rtm/service-conversations/{id}/messages", { params: { path, header }, body }));
    }
    case "subscribers": {
      const body = Object.assign({ push }, said);
      return answer(
        post("/1.2/rtm/service-conversations/{id}/broadcasts", { params: { path, header }, body }),
      );
    }
    case "everyone": {
      const body = Object.assign({ push, conv_id: conversationId, valid_till: validTill }, said);
      return answer(post("/1.2/rtm/broadcasts", { params: { header }, body }));
    }
  }
}

export type Sent = Awaited<ReturnType<typeof send>>;

export const previewPush = (client: string, outgoing: Outgoing) =>
  answer(
    post("/admin/push/preview", {
      body: {
        client_id: client,
        conv_id: outgoing.conversationId,
        from_client: outgoing.from,
        message: outgoing.message,
        push_data: outgoing.push,
      },
    }),
  );

export type Preview = Awaited<ReturnType<typeof previewPush>>;

/** Puts a picture on this server. */
export async function uploadPicture(file: File): Promise<Picture> {
  const { name, type, size } = file;
  const body = { name, mime_type: type, metaData: { size } };
  const { url, objectId, token, upload_url } = await answer(post("/1.1/fileTokens", { body }));
  const upload = await fetch(upload_url, {
    method: "PUT",
    body: file,
    headers: { "Content-Type": type || "application/octet-stream" },
  });
  await answer(post("/1.1/fileCallback", { body: { token, result: upload.ok } }));
  if (!upload.ok) throw new Error(`${upload.status} ${upload.statusText}`);
  const bitmap = await createImageBitmap(file).catch(() => undefined);
  const picture = { url, objectId, name, format: type, size, width: bitmap?.width, height: bitmap?.height };
  bitmap?.close();
  return picture;
}
