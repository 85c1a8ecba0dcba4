import { createPrivateKey, type KeyObject } from "node:crypto";
import { readFile } from "node:fs/promises";
import { basename, resolve } from "node:path";
import * as v from "valibot";
import { Refusal } from "./options.ts";

/* Key files from Apple and Google. No message shows their content. */

/** Apple's key for the settings, in PKCS #8. Throws a `Refusal` (1) for another file. */
export async function apnsKeyIn(path: string): Promise<string> {
  const key = privateKeyIn(await textOf(path));
  if (key?.asymmetricKeyType !== "ec" || key.asymmetricKeyDetails?.namedCurve !== "prime256v1") {
    throw new Refusal(`${path} is not a key for APNs: that is a private key on the curve P-256.`, 1);
  }
  return pemOf(key);
}

/** The key's id from Apple's file name; undefined for another name. */
export function keyIdOf(path: string): string | undefined {
  return /^AuthKey_([A-Za-z0-9]+)\.p8$/.exec(basename(path))?.[1];
}

const ServiceAccount = v.object({
  project_id: v.pipe(v.string(), v.minLength(1)),
  client_email: v.pipe(v.string(), v.minLength(1)),
  private_key: v.string(),
  token_uri: v.optional(v.string()),
});

export type ServiceAccount = v.InferOutput<typeof ServiceAccount>;

/** The fields of a service account's file for the settings. Throws a `Refusal` (1) for another file. */
export async function serviceAccountIn(path: string): Promise<ServiceAccount> {
  const json = jsonOf(await textOf(path));
  const isNone = `${path} is not a service account's key`;
  // What Android apps are built with has the likelier name.
  if (typeof json === "object" && json !== null && "project_info" in json) {
    const wanted = "Firebase makes it: Project settings, Service accounts, Generate new private key";
    throw new Refusal(`${isNone}, but the app's own google-services.json. ${wanted}.`, 1);
  }
  const account = v.safeParse(ServiceAccount, json);
  if (!account.success) {
    const [{ path: field }] = account.issues;
    const missing = field === undefined ? "it holds no JSON object" : `it has no ${String(field[0].key)}`;
    throw new Refusal(`${isNone}: ${missing}.`, 1);
  }
  const key = privateKeyIn(account.output.private_key);
  if (key?.asymmetricKeyType !== "rsa") throw new Refusal(`${isNone}: its private_key is no RSA key.`, 1);
  return { ...account.output, private_key: pemOf(key) };
}

/** npm runs scripts in the package's folder, wherever it was called. */
async function textOf(path: string): Promise<string> {
  try {
    return await readFile(resolve(process.env.INIT_CWD ?? "", path), "utf8");
  } catch {
    throw new Refusal(`${path} cannot be read.`, 1);
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function privateKeyIn(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}

function pemOf(key: KeyObject): string {
  return String(key.export({ type: "pkcs8", format: "pem" }));
}
