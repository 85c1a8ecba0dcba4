/** Replaces, in the bundle, schema libraries that hono-openapi supports and that are not used here. */
export {};
