import { parseArgs } from "node:util";
import * as v from "valibot";
import { type VendorName, vendorNames } from "../src/model/provider-name.ts";
import { newVapidKeys, TRIAL_SUBJECT } from "../src/push/vapid.ts";
import { Admin } from "./admin.ts";
import { apnsKeyIn, keyIdOf, serviceAccountIn } from "./key-files.ts";
import { Refusal } from "./options.ts";
import { pushTest, testFlags } from "./push-test.ts";
import { changeProfile, makers, profileLine, vendorFlags } from "./push-vendors.ts";

export const usage = `Usage: npm run push -- <command> [options]

  apns --key AuthKey_ABC123.p8 --team TEAMID --topic com.example.app [--key-id ABC123]
             add or replace one of Apple's keys; --topic may be given several times
  fcm --key service-account.json
             set the service account for Firebase Cloud Messaging
  web --subject mailto:you@example.com [--replace]
             make and set the keys for Web Push, and print the public one; --replace ends all subscriptions
  hms|honor|mi|oppo|vivo|meizu [--profile _default] --app-id … --app-secret …
             store a phone maker's keys, or change what is given; docs/push-china.md names the options of each.
             The secret may be in PUSH_SECRET. --remove removes the profile
  test --installation <id> | --vendor HMS --token <registrationId> [--profile _default] [--alert text]
             push to one device, and print what its provider answers
  show       print what is set, without secrets

  --server <url>  a running Parley (default http://127.0.0.1:8787)
  --help          show this

APP_ID and MASTER_KEY come from the environment; without them they are those of npm start without any.`;

const flags = {
  key: { type: "string" },
  "key-id": { type: "string" },
  team: { type: "string" },
  topic: { type: "string", multiple: true },
  subject: { type: "string" },
  replace: { type: "boolean", default: false },
  ...vendorFlags,
  ...testFlags,
  server: { type: "string", default: "http://127.0.0.1:8787" },
  help: { type: "boolean", default: false },
} as const;

type Flags = ReturnType<typeof parse>["values"];
type Flag = Exclude<keyof typeof flags, "server" | "help">;

interface Command {
  /** Flags it takes. */
  takes: readonly Flag[];
  run(admin: Admin, flags: Flags, environment: NodeJS.ProcessEnv): Promise<string>;
}

const commands: Record<string, Command> = {
  apns: { takes: ["key", "key-id", "team", "topic"], run: setApnsKey },
  fcm: { takes: ["key"], run: setServiceAccount },
  web: { takes: ["subject", "replace"], run: setVapidKeys },
  ...Object.fromEntries(vendorNames.map((vendor) => [vendor, commandOf(vendor)])),
  test: { takes: ["vendor", "token", "installation", "profile", "alert"], run: pushTest },
  show: { takes: [], run: show },
};

function commandOf(vendor: VendorName): Command {
  return {
    takes: [...makers[vendor].flags, "profile", "remove"],
    run: (admin, values, environment) => changeProfile(admin, vendor, values, environment),
  };
}

/**
 * Runs the command and returns the text to print. Throws a `Refusal`: 2 for an invalid command line, 1 for everything
 * else.
 */
export async function runPushCommand(args: string[], environment: NodeJS.ProcessEnv): Promise<string> {
  const { values, positionals } = parse(args);
  const [name = "", ...rest] = positionals;
  if (values.help) return usage;
  if (name === "") throw misused("a command is missing");
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined || rest.length > 0) throw misused(`there is no command ${positionals.join(" ")}`);
  for (const flag of Object.keys(flags)) {
    const isCommon = flag === "server" || flag === "help" || command.takes.some((taken) => taken === flag);
    if (!isCommon && args.some((arg) => arg === `--${flag}` || arg.startsWith(`--${flag}=`))) {
      throw misused(`${name} takes no --${flag}`);
    }
  }
  if (!/^https?:\/\/[^/]/.test(values.server) || !URL.canParse(values.server)) {
    throw misused("--server must be a URL");
  }
  return command.run(new Admin(values.server, environment), values, environment);
}

async function setApnsKey(admin: Admin, values: Flags): Promise<string> {
  const path = needed(values, "key");
  const teamId = needed(values, "team");
  const topics = values.topic?.filter((topic) => topic !== "") ?? [];
  if (topics.length === 0) throw misused("--topic is missing");
  const keyId = values["key-id"] || keyIdOf(path);
  if (keyId === undefined) throw misused("--key-id is missing, and the file's name does not say it");
  const key = { teamId, topics, privateKey: await apnsKeyIn(path) };
  await admin.ask("PUT", `/admin/push/apns-keys/${encodeURIComponent(keyId)}`, key);
  return `Stored ${apnsLine({ ...key, keyId })}.`;
}

async function setServiceAccount(admin: Admin, values: Flags): Promise<string> {
  const serviceAccount = await serviceAccountIn(needed(values, "key"));
  await admin.ask("PATCH", "/admin/settings", { push: { fcm: { serviceAccount } } });
  return `Stored ${fcmLine(serviceAccount)}.`;
}

async function setVapidKeys(admin: Admin, values: Flags): Promise<string> {
  const subject = needed(values, "subject");
  const { webPush } = await pushSettings(admin);
  // A trial creates its own keys, for browsers that disappear with it.
  if (webPush !== null && webPush.subject !== TRIAL_SUBJECT && !values.replace) {
    throw new Refusal(
      `There are keys for Web Push already (${webPush.publicKey}); new ones end all subscriptions, so this takes --replace.`,
      1,
    );
  }
  const keys = await newVapidKeys();
  await admin.ask("PATCH", "/admin/settings", { push: { webPush: { ...keys, subject } } });
  return `Stored new keys for Web Push. The public one, for pages that subscribe:\n${keys.publicKey}`;
}

async function show(admin: Admin): Promise<string> {
  const push = await pushSettings(admin);
  const { apns, fcm, webPush, webhook, static: content } = push;
  const vendors = vendorNames.flatMap((vendor) => {
    const profiles = Object.entries(push[vendor]).map(([name, fields]) => profileLine(vendor, name, fields));
    return (profiles.length === 0 ? [NOT_SET] : profiles).map((line) => `${`${vendor}:`.padEnd(8)} ${line}`);
  });
  const keys = apns.keys.map(apnsLine);
  return [
    ...(keys.length === 0 ? [`apns:    ${NOT_SET}`] : keys.map((key) => `apns:    ${key}`)),
    `fcm:     ${fcm.serviceAccount === null ? NOT_SET : fcmLine(fcm.serviceAccount)}`,
    ...vendors,
    `web:     ${webPush === null ? NOT_SET : `public key ${webPush.publicKey}, for ${webPush.subject}`}`,
    `webhook: ${webhook.url ?? NOT_SET}`,
    `static:  ${content === null ? NOT_SET : JSON.stringify(content)}`,
  ].join("\n");
}

const NOT_SET = "not set";

const Settings = v.object({
  push: v.object({
    static: v.nullable(v.record(v.string(), v.unknown())),
    apns: v.object({
      keys: v.array(v.object({ teamId: v.string(), keyId: v.string(), topics: v.array(v.string()) })),
    }),
    fcm: v.object({
      serviceAccount: v.nullable(v.object({ project_id: v.string(), client_email: v.string() })),
    }),
    ...v.entriesFromList(vendorNames, v.optional(v.record(v.string(), v.looseObject({})), {})),
    webPush: v.nullable(v.object({ publicKey: v.string(), subject: v.string() })),
    webhook: v.object({ url: v.nullable(v.string()) }),
  }),
});

/** The push settings, without secrets. */
async function pushSettings(admin: Admin) {
  const settings = v.safeParse(Settings, await admin.ask("GET", "/admin/settings"));
  if (!settings.success) throw new Refusal("The server has no settings for push, or others.", 1);
  return settings.output.push;
}

function apnsLine({ keyId, teamId, topics }: { keyId: string; teamId: string; topics: string[] }): string {
  return `key ${keyId} of team ${teamId}, for ${topics.join(", ")}`;
}

function fcmLine(account: { project_id: string; client_email: string }): string {
  return `project ${account.project_id}, as ${account.client_email}`;
}

function needed(values: Flags, flag: "key" | "team" | "subject"): string {
  const value = values[flag];
  if (!value) throw misused(`--${flag} is missing`);
  return value;
}

function parse(args: string[]) {
  try {
    return parseArgs({ args, options: flags, allowPositionals: true });
  } catch (error) {
    throw misused(error instanceof Error ? error.message : String(error));
  }
}

function misused(why: string): Refusal {
  return new Refusal(`${why}\n\n${usage}`, 2);
}
