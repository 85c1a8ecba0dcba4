import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { readSession, sessionState } from "../api/session.ts";
import { SignInForm, signInText } from "../parts/sign-in-form.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { useText } from "../ui/language.ts";
import { Failure, Loading } from "../ui/state.tsx";
import { useStore } from "../ui/store.ts";
import { queryClient } from "./query-client.ts";

/** Shows the console to those who are signed in. Where the session ends, one signs in over the page, which stays. */
export function SessionGate({ children }: { children: ComponentChildren }) {
  const state = useStore(sessionState);
  const text = useText(signInText);
  useEffect(() => void readSession(), []);
  if (state.phase === "loading") return <Loading />;
  if (state.phase === "failed") return <Failure error={state.error} onRetry={() => void readSession()} />;
  const isEnded = state.phase === "ended";
  return (
    <>
      {(!isEnded || state.session !== undefined) && children}
      <Dialog
        open={isEnded}
        closable={false}
        title={text.endedTitle}
        description={text.ended}
        onClose={() => {}}
      >
        {/* What failed meanwhile is read again. */}
        <SignInForm onSignedIn={() => void queryClient.invalidateQueries()} />
      </Dialog>
    </>
  );
}
