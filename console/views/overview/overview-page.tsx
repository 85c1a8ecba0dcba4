import { useText } from "../../ui/language.ts";
import { Page } from "../../ui/page.tsx";
import { Empty } from "../../ui/state.tsx";
import { overviewText } from "./text.ts";

export default function OverviewPage() {
  const text = useText(overviewText);
  return (
    <Page title={text.title}>
      <Empty title={text.soon} />
    </Page>
  );
}
