import { useText } from "../../ui/language.ts";
import { Page } from "../../ui/page.tsx";
import { Empty } from "../../ui/state.tsx";
import { pushText } from "./text.ts";

export default function PushPage() {
  const text = useText(pushText);
  return (
    <Page title={text.title}>
      <Empty title={text.soon} />
    </Page>
  );
}
