import * as v from "valibot";
import { parseJson } from "../../protocol/json-text.ts";

/** An answer in a vendor's form; undefined if it is in another one, such as a proxy's page. */
export function answerIn<const Form extends v.GenericSchema>(
  form: Form,
  text: string,
): v.InferOutput<Form> | undefined {
  const parsed = parseJson(text);
  const answer = v.safeParse(form, "value" in parsed ? parsed.value : undefined);
  return answer.success ? answer.output : undefined;
}
