import type { Settings } from "./schema.ts";

/** Why Parley may not call a URL, in words that follow its name; undefined when it may. */
export type AddressProblem = (url: string, allowPrivate: boolean) => string | undefined;

/** The addresses among the settings that could not be called, each with its field's name. */
export function addressProblems(
  { hooks, webhooks, security }: Settings,
  addressProblem: AddressProblem,
): string[] {
  const addresses = {
    "hooks.url": hooks.url,
    "webhooks.url": webhooks.url,
    "security.jwt.jwksUrl": security.jwt?.jwksUrl ?? null,
  };
  return Object.entries(addresses).flatMap(([field, url]) => {
    const problem = url === null ? undefined : addressProblem(url, hooks.allowPrivate);
    return problem === undefined ? [] : [`${field}: ${problem}`];
  });
}
