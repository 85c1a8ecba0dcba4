import { useState } from "preact/hooks";
import { Button, IconButton } from "../../ui/button.tsx";
import { Field, SelectField, TextArea } from "../../ui/field.tsx";
import { useText } from "../../ui/language.ts";
import { Switch } from "../../ui/switch.tsx";
import {
  type AttributeField,
  editedOf,
  type FieldType,
  fieldsOf,
  fieldTypes,
  readField,
} from "./attribute-fields.ts";
import { conversationText } from "./conversation-text.ts";

export interface AttributeFormProps {
  value: Record<string, unknown>;
  /** A rejection's message is shown above the button. */
  onSave(edited: Record<string, unknown>): Promise<void>;
}

/** Attributes as a form: a field by the type of each, more can be added, and any taken away. */
export function AttributeForm({ value, onSave }: AttributeFormProps) {
  const text = useText(conversationText).form;
  const [fields, setFields] = useState(() => fieldsOf(value));
  const [state, setState] = useState<{ busy: boolean; problem?: string }>({ busy: false });
  const edited = editedOf(fields, "attr" in value);
  const change = (index: number, text: string): void =>
    setFields(fields.map((field, at) => (at === index ? Object.assign({}, field, { text }) : field)));
  const save = async (): Promise<void> => {
    if (edited === undefined || state.busy) return;
    setState({ busy: true });
    try {
      await onSave(edited);
      setState({ busy: false });
    } catch (error) {
      setState({ busy: false, problem: error instanceof Error ? error.message : String(error) });
    }
  };
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      {fields.map((field, index) => (
        <div key={`${field.place} ${field.name}`} class="attribute">
          <AttributeInput field={field} onChange={(typed) => change(index, typed)} />
          <IconButton
            icon="close"
            label={text.takeAway(field.name)}
            onClick={() => setFields(fields.filter((_, at) => at !== index))}
          />
        </div>
      ))}
      <NewField
        isTaken={(name) => fields.some((field) => field.place === "attr" && field.name === name)}
        onAdd={(field) => setFields([...fields, field])}
      />
      {state.problem && (
        <p class="bad" role="alert">
          {state.problem}
        </p>
      )}
      <div class="actions">
        <Button type="submit" look="main" disabled={edited === undefined} busy={state.busy}>
          {text.save}
        </Button>
      </div>
    </form>
  );
}

function AttributeInput({ field, onChange }: { field: AttributeField; onChange(text: string): void }) {
  const text = useText(conversationText).form;
  const label = field.place === "attr" ? `attr.${field.name}` : field.name;
  const read = readField(field);
  const error = "problem" in read ? text.problems[read.problem] : undefined;
  switch (field.type) {
    case "boolean":
      return <Switch label={label} checked={field.text === "true"} onChange={(is) => onChange(String(is))} />;
    case "json":
      return <TextArea label={label} code rows={2} value={field.text} onChange={onChange} error={error} />;
    default:
      return <Field label={label} value={field.text} onChange={onChange} error={error} />;
  }
}

const EMPTY: Record<FieldType, string> = { text: "", number: "0", boolean: "false", json: "{}" };

function NewField({
  isTaken,
  onAdd,
}: {
  isTaken(name: string): boolean;
  onAdd(field: AttributeField): void;
}) {
  const text = useText(conversationText).form;
  const [name, setName] = useState("");
  const [type, setType] = useState<FieldType>("text");
  const problem = /[.$]/.test(name) ? text.problems.name : isTaken(name) ? text.problems.taken : undefined;
  return (
    <div class="filters">
      <Field label={text.newName} value={name} onChange={setName} error={problem} />
      <SelectField
        label={text.type}
        value={type}
        options={fieldTypes.map((value) => ({ value, label: text.types[value] }))}
        onChange={(chosen) => setType(chosen)}
      />
      <Button
        disabled={name.trim() === "" || problem !== undefined}
        onClick={() => {
          onAdd({ place: "attr", name: name.trim(), type, text: EMPTY[type] });
          setName("");
        }}
      >
        {text.add}
      </Button>
    </div>
  );
}
