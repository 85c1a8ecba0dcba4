import type { AnyComponent } from "preact";

/**
 * The pages of a view, each loaded when it is opened. The key is the rest of the path behind the view's own: `""` is its
 * start, `/:id` has a parameter, which `useRoute().params.id` gives decoded.
 */
export type Pages = Record<string, () => Promise<{ default: AnyComponent }>>;
