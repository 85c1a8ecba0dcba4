import { appKeys, http, world } from "./world.ts";

/** What `fileTokens` answers. */
export interface Announced {
  objectId: string;
  key: string;
  url: string;
  token: string;
  provider: string;
  upload_url: string;
  mime_type: string;
}

/** Announces a file as a client does, or with more or other headers. */
export function announce(body: object, headers: Record<string, string> = {}): Promise<Response> {
  return http("/1.1/fileTokens", {
    method: "POST",
    headers: { "content-type": "application/json", ...appKeys, ...headers },
    body: JSON.stringify(body),
  });
}

/** The same, which must be accepted. */
export async function announced(body: object = { name: "cheese.png" }, headers = {}): Promise<Announced> {
  const response = await announce(body, headers);
  if (response.status !== 201) throw new Error(`not announced: ${await response.text()}`);
  return response.json();
}

/** Sends bytes to where a file's go. */
export function put(
  { upload_url }: Pick<Announced, "upload_url">,
  body: BodyInit,
  init: RequestInit = {},
): Promise<Response> {
  return http(new URL(upload_url).pathname, { method: "PUT", body, ...init });
}

/** The client's word on its upload. */
export function end({ token }: Pick<Announced, "token">, result: unknown): Promise<Response> {
  return http("/1.1/fileCallback", {
    method: "POST",
    headers: appKeys,
    body: JSON.stringify({ token, result }),
  });
}

/** A file that is there, of these bytes. */
export async function uploaded(bytes = "bytes", body: object = { name: "cheese.png" }): Promise<Announced> {
  const file = await announced(body);
  const response = await put(file, bytes);
  if (!response.ok) throw new Error(`not uploaded: ${await response.text()}`);
  return file;
}

/** The row of a file as a client reads it. */
export function rowOf({ objectId }: Pick<Announced, "objectId">): Promise<Response> {
  return http(`/1.1/files/${objectId}`, { headers: appKeys });
}

/** The bytes of a file in the bucket; undefined if it has none. */
export async function bytesOf({ objectId }: Pick<Announced, "objectId">): Promise<string | undefined> {
  const row = await world.DB.prepare("SELECT object FROM files WHERE id = ?")
    .bind(objectId)
    .first<{ object: string }>();
  if (!row?.object) return undefined;
  return (await world.FILES?.get(row.object))?.text();
}

/** The names in the bucket, and those that are noted as no file's. */
export async function objects(): Promise<{ stored: number; unclaimed: number }> {
  const listed = await world.FILES?.list();
  const row = await world.DB.prepare("SELECT count(*) AS count FROM unclaimed_objects").first<{
    count: number;
  }>();
  return { stored: listed?.objects.length ?? 0, unclaimed: row?.count ?? 0 };
}
