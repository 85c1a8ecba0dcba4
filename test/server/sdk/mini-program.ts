import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import type AV from "leancloud-storage";

const require = createRequire(import.meta.url);

interface WxRequest {
  url: string;
  method?: string;
  data?: unknown;
  header?: Record<string, string>;
  complete(result: { statusCode?: number; header?: object; data?: unknown; errMsg: string }): void;
}

interface WxUpload {
  url: string;
  header?: Record<string, string>;
  filePath: string;
  name: string;
  formData?: Record<string, string>;
  success(result: { statusCode: number; data: string; errMsg: string }): void;
  fail(result: { errMsg: string }): void;
  complete(): void;
}

/** What was uploaded, in requests of one kind: mini-programs can send a file in a form alone. */
export interface MiniProgram {
  AV: typeof AV;
  /** Puts a file where the program can name it; returns its path. */
  keep(bytes: Uint8Array): string;
  uploads: { url: string; status: number }[];
}

/**
 * The storage SDK's build for WeChat's mini-programs, on a `wx` that does with Node what WeChat does: requests in JSON,
 * and files by their path in a multipart form.
 */
export function miniProgram(): MiniProgram {
  const files = new Map<string, Uint8Array>();
  const kept = new Map<string, unknown>();
  const uploads: MiniProgram["uploads"] = [];
  const wx = {
    request({ url, method = "GET", data, header, complete }: WxRequest) {
      const isQuery = method === "GET" && data !== undefined;
      const address = isQuery ? `${url}?${new URLSearchParams(Object(data))}` : url;
      const body = isQuery || data === undefined ? null : JSON.stringify(data);
      fetch(address, { method, headers: { "Content-Type": "application/json", ...header }, body })
        .then(async (response) => {
          const text = await response.text();
          const parsed = text === "" ? "" : JSON.parse(text);
          complete({
            statusCode: response.status,
            header: Object.fromEntries(response.headers),
            data: parsed,
            errMsg: "ok",
          });
        })
        .catch((error: unknown) => complete({ errMsg: String(error) }));
      return { abort() {} };
    },
    uploadFile({ url, header = {}, filePath, name, formData = {}, success, fail, complete }: WxUpload) {
      const form = new FormData();
      for (const [field, value] of Object.entries(formData)) form.append(field, value);
      const bytes = Uint8Array.from(files.get(filePath) ?? []);
      form.append(name, new Blob([bytes]), filePath.split("/").at(-1));
      fetch(url, { method: "POST", headers: header, body: form })
        .then(async (response) => {
          uploads.push({ url, status: response.status });
          success({ statusCode: response.status, data: await response.text(), errMsg: "ok" });
        })
        .catch((error: unknown) => fail({ errMsg: String(error) }))
        .finally(complete);
      return { abort() {}, onProgressUpdate() {} };
    },
    getStorageSync: (key: string) => kept.get(key),
    setStorageSync: (key: string, value: unknown) => void kept.set(key, value),
    removeStorageSync: (key: string) => void kept.delete(key),
    clearStorageSync: () => kept.clear(),
    login() {},
  };
  Object.assign(globalThis, { wx });
  return {
    AV: require("leancloud-storage/dist/av-weapp.js"),
    keep(bytes) {
      const path = `wxfile://tmp_${randomUUID()}.jpg`;
      files.set(path, bytes);
      return path;
    },
    uploads,
  };
}
