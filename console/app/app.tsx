import { QueryClientProvider } from "@tanstack/preact-query";
import { useErrorBoundary } from "preact/hooks";
import { LocationProvider, Route, Router } from "preact-iso";
import { Button } from "../ui/button.tsx";
import { ConfirmDialog } from "../ui/confirm.tsx";
import { useText } from "../ui/language.ts";
import { Page } from "../ui/page.tsx";
import { Empty } from "../ui/state.tsx";
import { Toasts } from "../ui/toast.tsx";
import { Frame } from "./frame.tsx";
import { useFocusAfterNavigation } from "./navigation-focus.ts";
import { queryClient } from "./query-client.ts";
import { SessionGate } from "./session-gate.tsx";
import { appText } from "./text.ts";
import { MissingPart, views } from "./views.ts";

export function App() {
  return (
    <QueryClientProvider client={queryClient}>
      <LocationProvider scope="/console">
        <SessionGate>
          <Frame>
            <Views />
          </Frame>
        </SessionGate>
        <ConfirmDialog />
        <Toasts />
      </LocationProvider>
    </QueryClientProvider>
  );
}

function Views() {
  const text = useText(appText);
  const focus = useFocusAfterNavigation();
  const [error, reset] = useErrorBoundary((reason: unknown) => console.error(reason));
  if (error !== undefined)
    return (
      <Page title={text.broken}>
        {error instanceof MissingPart ? (
          <Empty title={text.missingPart}>{text.missingPartHelp}</Empty>
        ) : (
          <Empty title={error instanceof Error ? error.message : String(error)} />
        )}
        <div class="actions">
          <Button
            onClick={() => {
              reset();
              location.reload();
            }}
          >
            {text.reload}
          </Button>
        </div>
      </Page>
    );
  return (
    <Router onLoadStart={focus.onLoadStart} onLoadEnd={focus.onLoadEnd}>
      {views.flatMap(({ pages }) =>
        pages.map(({ path, component }) => <Route key={path} path={path} component={component} />),
      )}
      <Route default component={NotFound} />
    </Router>
  );
}

function NotFound() {
  const text = useText(appText);
  return (
    <Page title={text.notFound}>
      <Empty title={text.notFound}>{text.notFoundHelp}</Empty>
    </Page>
  );
}
