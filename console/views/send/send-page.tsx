import { useText } from "../../ui/language.ts";
import { Page } from "../../ui/page.tsx";
import { Empty } from "../../ui/state.tsx";
import { sendText } from "./text.ts";

export default function SendPage() {
  const text = useText(sendText);
  return (
    <Page title={text.title}>
      <Empty title={text.soon} />
    </Page>
  );
}
