import { Hono } from "hono";
import * as v from "valibot";
import type { HookAnswer } from "../../hooks/app-server/hook-answer.ts";
import type { SampleName } from "../../hooks/app-server/sample-events.ts";
import { callForTest, type Exchange, testTargets } from "../../hooks/app-server/test-call.ts";
import { type EventName, eventNames } from "../../model/event-names.ts";
import { addressProblem } from "../../outbound/http-client.ts";
import { readSettings } from "../../settings/store.ts";
import { address, HIDDEN, secret } from "../../settings/value-schemas.ts";
import type { HttpEnv } from "../env.ts";
import { INVALID_FIELD, refuse } from "../errors.ts";
import { awaitCall } from "../object-call.ts";
import { operation, takes } from "../operation.ts";
import { shown } from "../schemas.ts";

/** A hook may take 15 s (ms). */
const LONGEST = 20_000;
/** The longest body of an answer that is shown, in characters. */
const BODY_MAX = 16_384;
const HEADERS_MAX = 100;
/** Headers of the request that hold a key. */
const KEYS = ["x-lc-key", "x-lc-hook-key"];

const isSample = (name: EventName): name is SampleName => name !== "rtmClientSign";
const samples = eventNames.filter(isSample);

const asked = v.pipe(
  v.object({
    target: v.pipe(
      v.picklist(testTargets, "must be hooks, webhooks or serviceHook"),
      v.description("The setting whose address is called."),
    ),
    event: v.optional(v.picklist(samples, "must be the name of a hook")),
    url: v.optional(
      v.pipe(
        address(),
        v.description("An address that is not saved yet. The saved key or secret does not go there."),
      ),
    ),
    secret: v.optional(v.pipe(secret(), v.description("The key or secret for that address."))),
  }),
  shown({ target: "webhooks", event: "messageSent", url: "https://app.example.com/parley" }),
);

const texts = v.record(v.string(), v.string());

const result = v.pipe(
  v.object({
    outcome: v.pipe(
      v.picklist(["answered", "not called", "failed"]),
      v.description("As if it had been no test. `not called`: the engine has no such hook."),
    ),
    problem: v.nullable(v.pipe(v.string(), v.description("Why it failed."))),
    milliseconds: v.pipe(v.number(), v.integer()),
    request: v.nullable(v.object({ method: v.string(), url: v.string(), headers: texts, body: v.string() })),
    response: v.nullable(
      v.object({ status: v.pipe(v.number(), v.integer()), headers: texts, body: v.string() }),
    ),
  }),
  shown({
    outcome: "answered",
    problem: null,
    milliseconds: 42,
    request: {
      method: "POST",
      url: "https://app.example.com/parley",
      headers: { "content-type": "application/json", "webhook-id": "5f0c2a9e" },
      body: '{"type":"messageSent"}',
    },
    response: { status: 200, headers: { "content-type": "text/plain" }, body: "ok" },
  }),
);

/** One call of the app's server, for the owner to see what is sent and what comes back. */
export const hookTestRoutes = new Hono<HttpEnv>().post(
  "/admin/hooks/test",
  operation({
    id: "testHook",
    tag: "Administration",
    summary: "Call a hook or webhook once and read what it answers",
    description:
      "With an event about nobody, signed like a real one, to the saved address or another. Keys are shown as `***`. " +
      "400 if no address is saved, or the address may not be called.",
    access: "master",
    answer: result,
  }),
  takes("json", asked),
  async (context) => {
    const { env } = context;
    const { target, event = "messageSent", ...given } = context.req.valid("json");
    const settings = await awaitCall(readSettings(env), "settings");
    const saved = savedOf(target, settings);
    const url = given.url ?? saved.url;
    if (url === null) {
      return refuse(context, 400, { code: INVALID_FIELD, error: `${target}.url: is not set; give a url` });
    }
    const problem = addressProblem(env, url, settings.hooks.allowPrivate);
    if (problem !== undefined) return refuse(context, 400, { code: INVALID_FIELD, error: `url: ${problem}` });
    // A secret that is saved goes to the address it was saved for alone.
    const own = url === saved.url ? saved.secret : null;
    const call = { target, url, secret: given.secret ?? own, event };
    const calling = callForTest(call, env, settings);
    const { answer, exchange } = await awaitCall(calling, "a test of a hook", LONGEST);
    // Receivers that are made for tests show in their answer what they were sent.
    const masked = masking(exchange, call.secret);
    return context.json({
      outcome: answer.outcome,
      problem: masked(problemOf(answer) ?? "") || null,
      milliseconds: exchange?.milliseconds ?? 0,
      request: requestOf(exchange, masked),
      response: responseOf(exchange, masked),
    });
  },
);

function savedOf(
  target: (typeof testTargets)[number],
  { hooks, webhooks, serviceHook }: Awaited<ReturnType<typeof readSettings>>,
): { url: string | null; secret: string | null } {
  if (target === "hooks") return { url: hooks.url, secret: hooks.key };
  return target === "webhooks" ? webhooks : serviceHook;
}

function problemOf(answer: HookAnswer): string | null {
  if (answer.outcome === "answered") return null;
  return answer.outcome === "not called" ? "The engine has no such hook." : answer.why;
}

const SIGN = /"__sign":"([^"]*)"/;

/** What puts `***` in the place of every key and signature that a call carried. */
function masking(exchange: Exchange | undefined, secret: string | null): (text: string) => string {
  const request = exchange?.request;
  const sent = [secret, SIGN.exec(request?.body ?? "")?.[1], ...KEYS.map((name) => request?.headers[name])];
  const secrets = sent.filter((each): each is string => typeof each === "string" && each !== "");
  return (text) => secrets.reduce((masked, each) => masked.replaceAll(each, HIDDEN), text);
}

function requestOf(exchange: Exchange | undefined, masked: (text: string) => string) {
  if (exchange === undefined) return null;
  const { headers, body, ...request } = exchange.request;
  const visible = Object.entries(headers).map(([name, text]) => [name, KEYS.includes(name) ? HIDDEN : text]);
  return { ...request, headers: Object.fromEntries(visible), body: masked(body) };
}

function responseOf(exchange: Exchange | undefined, masked: (text: string) => string) {
  if (exchange?.response === undefined) return null;
  const { status, headers, body } = exchange.response;
  const shown = Object.entries(headers)
    .slice(0, HEADERS_MAX)
    .map(([name, text]) => [name, masked(text)]);
  return { status, headers: Object.fromEntries(shown), body: masked(body).slice(0, BODY_MAX) };
}
