/** The element with this id; the page is broken without it. */
export function element(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`index.html has no #${id}`);
  return found;
}

/** The first element inside that matches; the page is broken without it. */
export function within<Tag extends keyof HTMLElementTagNameMap>(
  parent: ParentNode,
  tag: Tag,
  selector = "",
): HTMLElementTagNameMap[Tag] {
  const found = parent.querySelector<HTMLElementTagNameMap[Tag]>(tag + selector);
  if (found === null) throw new Error(`index.html has no ${tag}${selector}`);
  return found;
}
