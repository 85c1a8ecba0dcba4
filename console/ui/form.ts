import { useState } from "preact/hooks";
import * as v from "valibot";

export interface Form<Values> {
  values: Values;
  set<Name extends keyof Values>(name: Name, value: Values[Name]): void;
  /** What is wrong with a field, once somebody tried to submit. */
  error(name: keyof Values): string | undefined;
  /** What is wrong, and with no single field. */
  problem: string | undefined;
  busy: boolean;
  submit(event?: Event): Promise<void>;
  reset(values?: Values): void;
}

export interface FormOptions<Values extends object, Parsed> {
  initial: Values;
  /** What a field has to be; messages of the schema stand below its fields. */
  schema: v.GenericSchema<Values, Parsed>;
  /** Called with what the schema makes of the values. A rejection's message is shown above the buttons. */
  onSubmit(parsed: Parsed): Promise<unknown>;
}

/** The values of a form, what is wrong with them, and their way out. */
export function useForm<Values extends object, Parsed>(options: FormOptions<Values, Parsed>): Form<Values> {
  const [values, setValues] = useState(options.initial);
  const [state, setState] = useState<{ tried: boolean; busy: boolean; problem?: string }>({
    tried: false,
    busy: false,
  });
  const parsed = v.safeParse(options.schema, values);
  const issues = state.tried && !parsed.success ? v.flatten(parsed.issues).nested : undefined;
  const messages: Record<string, readonly string[] | undefined> = issues ?? {};
  return {
    values,
    set: (name, value) => setValues((former) => Object.assign({}, former, { [name]: value })),
    error: (name) => messages[String(name)]?.[0],
    problem: state.problem,
    busy: state.busy,
    reset: (next = options.initial) => {
      setValues(next);
      setState({ tried: false, busy: false });
    },
    submit: async (event) => {
      event?.preventDefault();
      if (state.busy) return;
      if (!parsed.success) return setState({ tried: true, busy: false });
      setState({ tried: true, busy: true });
      try {
        await options.onSubmit(parsed.output);
        setState({ tried: false, busy: false });
      } catch (error) {
        setState({
          tried: true,
          busy: false,
          problem: error instanceof Error ? error.message : String(error),
        });
      }
    },
  };
}
