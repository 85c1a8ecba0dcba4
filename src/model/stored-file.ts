import type { JsonObject } from "./json.ts";

/** Where the bytes of a file are. */
export type FileContent =
  /** A client may upload them until the token expires (ms), and nothing is served. */
  | { state: "awaiting"; key: string; token: string; tokenExpiresAt: number }
  /**
   * They are complete, under a name in the bucket. `size` is in bytes. The token is there until the client has confirmed
   * the upload: it may take it back as long. Those that were imported remember their URL over there.
   */
  | {
      state: "stored";
      key: string;
      object: string;
      size: number;
      token: string | undefined;
      importedFrom?: string | undefined;
    }
  /** They are elsewhere. Those with a key may be imported: they are served under it then. */
  | { state: "external"; url: string; key?: string | undefined };

/** A row of `_File`. */
export interface StoredFile<Content extends FileContent = FileContent> {
  id: string;
  name: string;
  mimeType: string;
  metaData: JsonObject;
  acl: JsonObject | undefined;
  /** The app's own fields. */
  fields: JsonObject;
  content: Content;
  /** Milliseconds. */
  createdAt: number;
  updatedAt: number;
}

export type ContentOf<State extends FileContent["state"]> = Extract<FileContent, { state: State }>;
