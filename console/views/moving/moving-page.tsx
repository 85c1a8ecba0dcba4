import { useQuery } from "@tanstack/preact-query";
import { useText } from "../../ui/language.ts";
import { Page } from "../../ui/page.tsx";
import { Answered } from "../../ui/state.tsx";
import { MirrorState } from "./mirror-state.tsx";
import { readMoving } from "./moving-queries.ts";
import { PassedCallList } from "./passed-calls.tsx";
import { conditionOf } from "./run-condition.ts";
import { RunList } from "./run-list.tsx";
import { movingText } from "./text.ts";

/** Commands report every 10 seconds, in milliseconds. */
const REPORTED = 10_000;

/** How the move of an app is going. */
export default function MovingPage() {
  const text = useText(movingText);
  const query = useQuery({
    queryKey: ["moving"],
    queryFn: ({ signal }) => readMoving(signal),
    // Asked again only while a command is at work and somebody looks.
    refetchInterval: ({ state }) =>
      state.data?.runs.some((run) => conditionOf(run, Date.now()) === "running") ? REPORTED : false,
  });
  return (
    <Page title={text.title}>
      <Answered query={query} lines={8}>
        {({ runs, passed }) => (
          <>
            <RunList runs={runs} />
            <PassedCallList passed={passed} />
          </>
        )}
      </Answered>
      <MirrorState />
    </Page>
  );
}
