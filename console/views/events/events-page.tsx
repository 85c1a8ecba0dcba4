import { useText } from "../../ui/language.ts";
import { Page } from "../../ui/page.tsx";
import { Empty } from "../../ui/state.tsx";
import { eventsText } from "./text.ts";

export default function EventsPage() {
  const text = useText(eventsText);
  return (
    <Page title={text.title}>
      <Empty title={text.soon} />
    </Page>
  );
}
