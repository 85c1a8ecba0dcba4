import { type ComponentChildren, h } from "preact";
import { useId } from "preact/hooks";
import { useText } from "./language.ts";
import { uiText } from "./text.ts";

interface Labelled {
  label: string;
  /** Stands below the field: what it is for, or its form. */
  help?: ComponentChildren;
  /** What is wrong with the value, from the schema or from the server. */
  error?: string | undefined;
  optional?: boolean;
}

export interface FieldProps extends Labelled {
  value: string;
  onChange(value: string): void;
  type?: "text" | "password" | "search" | "number" | "datetime-local" | "url";
  placeholder?: string;
  autocomplete?: string;
  autofocus?: boolean;
  disabled?: boolean;
  /** Letters of one width: ids, keys, code. */
  code?: boolean;
}

/** A line of text. */
export function Field(props: FieldProps) {
  return (
    <Labels {...props}>
      {(attributes) => {
        const all = {
          ...attributes,
          type: props.type ?? "text",
          class: props.code ? "code" : "",
          value: props.value,
          placeholder: props.placeholder,
          autocomplete: props.autocomplete ?? "off",
          autofocus: props.autofocus,
          disabled: props.disabled,
          spellcheck: false,
          onInput: (event: InputEvent & { currentTarget: HTMLInputElement }) =>
            props.onChange(event.currentTarget.value),
        };
        return h("input", all);
      }}
    </Labels>
  );
}

export interface TextAreaProps extends Labelled {
  value: string;
  onChange(value: string): void;
  rows?: number;
  placeholder?: string;
  code?: boolean;
  /** Ctrl or Cmd with Enter. */
  onSubmit?: () => void;
}

/** Text of several lines. */
export function TextArea(props: TextAreaProps) {
  return (
    <Labels {...props}>
      {(attributes) => (
        <textarea
          {...attributes}
          class={props.code ? "code" : ""}
          rows={props.rows ?? 3}
          value={props.value}
          placeholder={props.placeholder}
          spellcheck={!props.code}
          onInput={(event) => props.onChange(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) props.onSubmit?.();
          }}
        />
      )}
    </Labels>
  );
}

export interface SelectProps<Value extends string> extends Labelled {
  value: Value;
  options: readonly { value: Value; label: string }[];
  onChange(value: Value): void;
}

/** One of a few options. */
export function SelectField<Value extends string>(props: SelectProps<Value>) {
  return (
    <Labels {...props}>
      {(attributes) => (
        <select
          {...attributes}
          value={props.value}
          onChange={(event) => {
            const chosen = props.options.find(({ value }) => value === event.currentTarget.value);
            if (chosen !== undefined) props.onChange(chosen.value);
          }}
        >
          {props.options.map(({ value, label }) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      )}
    </Labels>
  );
}

interface ControlAttributes {
  id: string;
  "aria-describedby": string | undefined;
  "aria-invalid": boolean;
}

function Labels(props: Labelled & { children(attributes: ControlAttributes): ComponentChildren }) {
  const id = useId();
  const text = useText(uiText);
  const note = props.error ?? props.help;
  return (
    <div class="field">
      <label for={id}>
        {props.label}
        {props.optional && <span class="faint"> {text.optional}</span>}
      </label>
      {props.children({
        id,
        "aria-describedby": note === undefined ? undefined : `${id}-note`,
        "aria-invalid": props.error !== undefined,
      })}
      {note !== undefined && (
        <small
          id={`${id}-note`}
          class={props.error === undefined ? "faint" : "bad"}
          role={props.error ? "alert" : undefined}
        >
          {note}
        </small>
      )}
    </div>
  );
}
