import type { ComponentChildren } from "preact";
import { createPortal } from "preact/compat";

/** Renders at the end of the page: nothing that lies around it cuts it off. (The one of @zag-js/preact asks for React.) */
export function Portal({ children }: { children: ComponentChildren }) {
  return createPortal(children, document.body);
}
