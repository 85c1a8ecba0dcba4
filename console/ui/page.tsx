import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";

export interface PageProps {
  /** The heading, and the title of the tab. */
  title: string;
  /** Where this page is, from the outside to the inside. */
  trail?: readonly { label: string; href: string }[];
  /** Buttons beside the heading. */
  actions?: ComponentChildren;
  children: ComponentChildren;
}

/** One page of a view. After a navigation the focus is on its heading, so that a screen reader says where one is. */
export function Page({ title, trail = [], actions, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Parley`;
  }, [title]);
  return (
    <article class="page">
      <header class="page-head">
        <div>
          {trail.length > 0 && (
            <nav class="trail" aria-label="Breadcrumb">
              {trail.map(({ label, href }) => (
                <a key={href} href={href}>
                  {label}
                </a>
              ))}
            </nav>
          )}
          <h1 tabIndex={-1} id="page-title">
            {title}
          </h1>
        </div>
        {actions && <div class="actions">{actions}</div>}
      </header>
      {children}
    </article>
  );
}

/** A part of a page with a heading of its own. */
export function Section({
  title,
  actions,
  children,
}: {
  title: string;
  actions?: ComponentChildren;
  children: ComponentChildren;
}) {
  return (
    <section class="card">
      <header>
        <h2>{title}</h2>
        {actions && <div class="actions">{actions}</div>}
      </header>
      {children}
    </section>
  );
}

/** Names and values, one below the other. */
export function Facts({ facts }: { facts: readonly (readonly [name: string, value: ComponentChildren])[] }) {
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
