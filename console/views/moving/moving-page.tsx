import { useText } from "../../ui/language.ts";
import { Page } from "../../ui/page.tsx";
import { Empty } from "../../ui/state.tsx";
import { movingText } from "./text.ts";

export default function MovingPage() {
  const text = useText(movingText);
  return (
    <Page title={text.title}>
      <Empty title={text.soon} />
    </Page>
  );
}
