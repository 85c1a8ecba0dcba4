import type { Settings } from "./schema.ts";
import { vendorAddresses } from "./vendors/vendor-settings.ts";

/** The reason that Parley may not call a URL, to follow the setting's name (`field`); undefined if it may. */
export type AddressProblem = (url: string, allowPrivate: boolean, field: string) => string | undefined;

/** The addresses in the settings that cannot be called, each with its field's name. */
export function addressProblems(
  { hooks, webhooks, serviceHook, security, push, upstream, mirror }: Settings,
  addressProblem: AddressProblem,
): string[] {
  const addresses = {
    "hooks.url": hooks.url,
    "webhooks.url": webhooks.url,
    "serviceHook.url": serviceHook.url,
    "security.jwt.jwksUrl": security.jwt?.jwksUrl ?? null,
    "push.apns.url": push.apns.url,
    "push.fcm.url": push.fcm.url,
    "push.fcm.serviceAccount.token_uri": push.fcm.serviceAccount?.token_uri ?? null,
    ...vendorAddresses(push),
    "push.webhook.url": push.webhook.url,
    "upstream.url": upstream.url,
    "upstream.functionsUrl": upstream.functionsUrl,
    "mirror.server": mirror.server,
  };
  return Object.entries(addresses).flatMap(([field, url]) => {
    const problem = url === null ? undefined : addressProblem(url, hooks.allowPrivate, field);
    return problem === undefined ? [] : [`${field}: ${problem}`];
  });
}
