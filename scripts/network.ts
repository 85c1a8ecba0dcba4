/**
 * The network for hooks and webhooks: workerd checks the address that a name resolved to and connects to public ones
 * only, so no URL reaches this machine's network (I12).
 */
export const publicNetwork = { network: { allow: ["public"], tlsOptions: { trustBrowserCas: true } } };
