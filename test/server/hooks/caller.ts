import { outboundOf } from "../../../src/outbound/http-client.ts";
import { defaultSettings } from "../../../src/settings/schema.ts";

export interface Asked {
  url: string;
  /** By our own rules, with or without private networks; or past them, by a network alone. */
  by: "rules" | "rules, private" | "PUBLIC_NETWORK" | "ALL";
  /** ms */
  deadline: number;
}

interface CallerEnv {
  APP_ID: string;
  PUBLIC_NETWORK: Fetcher;
  ALL: Fetcher;
}

/** A Worker that makes the requested calls and returns their outcomes. */
export default {
  async fetch(request: Request, env: CallerEnv): Promise<Response> {
    const { url, by, deadline }: Asked = await request.json();
    if (by === "PUBLIC_NETWORK" || by === "ALL") {
      try {
        return Response.json({ text: await (await env[by].fetch(url)).text() });
      } catch {
        return Response.json({ text: "nothing" });
      }
    }
    const { hooks } = defaultSettings(false);
    const outbound = outboundOf(env, { hooks: { ...hooks, allowPrivate: by === "rules, private" } });
    const call = { url: new URL(url), method: "POST" as const, headers: {}, body: "{}" };
    return Response.json(await outbound.send(call, deadline));
  },
};
