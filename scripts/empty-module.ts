/** Stands in, when bundling, for a schema library that hono-openapi could work with and nobody here uses. */
export {};
