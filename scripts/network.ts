/**
 * The way out for hooks and webhooks: workerd looks at the address that a name resolved to and connects to public
 * ones only, so that no URL leads into this machine's network (I12).
 */
export const publicNetwork = { network: { allow: ["public"], tlsOptions: { trustBrowserCas: true } } };
