import type { ComponentChildren } from "preact";
import { Button } from "./button.tsx";
import { Icon } from "./icon.tsx";
import { useText } from "./language.ts";
import { uiText } from "./text.ts";

export interface EmptyProps {
  title: string;
  /** What would be here. */
  children?: ComponentChildren;
  /** A line of curl or of an SDK that fills it. */
  example?: string;
  /** Buttons below. */
  actions?: ComponentChildren;
}

/** Where nothing is yet: it teaches what would be here, and how it gets here. */
export function Empty({ title, children, example, actions }: EmptyProps) {
  return (
    <div class="state">
      <h3>{title}</h3>
      {children && <p class="faint">{children}</p>}
      {example && (
        <pre>
          <code>{example}</code>
        </pre>
      )}
      {actions}
    </div>
  );
}

/** Something that could not be read, what to do, and a way to try again. */
export function Failure({ error, onRetry }: { error: Error; onRetry?: () => void }) {
  const text = useText(uiText);
  return (
    <div class="state bad" role="alert">
      <Icon name="warning" />
      <p>{error.message}</p>
      {onRetry && <Button onClick={onRetry}>{text.tryAgain}</Button>}
    </div>
  );
}

/** Grey lines where something will be. They appear after a moment only: what is quick does not flicker. */
export function Loading({ lines = 4 }: { lines?: number }) {
  const text = useText(uiText);
  return (
    <div class="loading" role="status" aria-label={text.loading}>
      {Array.from({ length: lines }, (_, line) => (
        <div key={line} class="skeleton" />
      ))}
    </div>
  );
}

/** What `useQuery` says, as far as it matters here. */
export interface Answer<Data> {
  data: Data | undefined;
  error: Error | null;
  isPending: boolean;
  refetch(): unknown;
}

/** What a query answers, or that it loads, or why it failed. */
export function Answered<Data>(props: {
  query: Answer<Data>;
  children(data: Data): ComponentChildren;
  lines?: number;
}) {
  const { query, children, lines = 4 } = props;
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.error !== null) return <Failure error={query.error} onRetry={() => void query.refetch()} />;
  return <Loading lines={lines} />;
}
