import { outboundOf } from "../../../src/outbound/http-client.ts";
import { http2NetworksOf } from "../../../src/push/http2.ts";
import { defaultSettings } from "../../../src/settings/schema.ts";

interface WorkerEnv {
  APP_ID: string;
  HTTP2: Fetcher;
}

/** A Worker that posts what it is given to `?url=`, by the rules of a deployment, and says what came of it. */
export default {
  async fetch(request: Request, env: WorkerEnv): Promise<Response> {
    const url = new URL(request.url).searchParams.get("url") ?? "";
    const outbound = outboundOf(env, defaultSettings(false), http2NetworksOf(env));
    try {
      const init = { method: "POST", body: await request.text(), headers: { "apns-topic": "mouse" } };
      const response = await outbound.fetch(url, { ...init, redirect: "manual" });
      const headers = Object.fromEntries(response.headers);
      return Response.json({ status: response.status, headers, text: await response.text() });
    } catch (error) {
      return Response.json({ unanswered: String(error) });
    }
  },
};
