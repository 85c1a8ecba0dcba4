import { Button } from "../../ui/button.tsx";
import { confirm } from "../../ui/confirm.tsx";
import { useText } from "../../ui/language.ts";
import { say } from "../../ui/toast.tsx";
import { useSetLogDays } from "./event-queries.ts";
import { eventsText } from "./text.ts";

/** How long events are kept when the log is turned on here. */
const DAYS = 7;

/** Turns the event log on, after saying what it costs. */
export function TurnOnButton() {
  const text = useText(eventsText);
  const change = useSetLogDays();
  const turnOn = async (): Promise<void> => {
    const isWanted = await confirm({
      title: text.turnOnTitle,
      text: text.turnOnText(DAYS),
      action: text.turnOn(DAYS),
      look: "main",
    });
    if (!isWanted) return;
    change.mutate(DAYS, {
      onSuccess: () => say.done(text.turnedOn),
      onError: (error) => say.failed(text.notTurnedOn, error.message),
    });
  };
  return (
    <Button look="main" busy={change.isPending} onClick={() => void turnOn()}>
      {text.turnOn(DAYS)}
    </Button>
  );
}

/** Whether events are kept, and for how long. */
export function LogState({ days }: { days: number }) {
  const text = useText(eventsText);
  return (
    <div class="log-state">
      <p class="faint">{days === 0 ? text.isOff : text.isOn(days)}</p>
      {days === 0 ? (
        <TurnOnButton />
      ) : (
        <a href="/console/settings?setting=events.logDays">{text.changeDays}</a>
      )}
    </div>
  );
}
