// What is shown, as a file, and as the query that asks for it.

import {
  type DocumentNode,
  type FieldNode,
  Kind,
  type ValueNode,
  print,
  visit,
} from '@0no-co/graphql.web';

export interface ExportColumn<Row> {
  title: string;
  value: (row: Row) => string | number | boolean | null | undefined;
}

function cell(value: string | number | boolean | null | undefined): string {
  if (value == null) return '';
  let text = String(value);
  // A spreadsheet would take it for a formula.
  if (typeof value === 'string' && /^[=+\-@\t\r]/.test(text)) text = `'${text}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function toCsv<Row>(columns: ExportColumn<Row>[], rows: Row[]): string {
  const lines = [columns.map((column) => cell(column.title))];
  for (const row of rows) lines.push(columns.map((column) => cell(column.value(row))));
  return lines.map((line) => line.join(',')).join('\r\n') + '\r\n';
}

export function toJson<Row>(columns: ExportColumn<Row>[], rows: Row[]): string {
  const objects = rows.map((row) =>
    Object.fromEntries(columns.map((column) => [column.title, column.value(row) ?? null])),
  );
  return `${JSON.stringify(objects, null, 2)}\n`;
}

export function download(name: string, type: string, text: string) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Names of input fields whose values are enums: JSON does not tell those from strings. */
const ENUMS = new Set([
  'field',
  'direction',
  'status',
  'statuses',
  'state',
  'in',
  'visibility',
  'kinds',
  'action',
]);

function toValueNode(value: unknown, isEnum: boolean): ValueNode {
  if (value === null || value === undefined) return { kind: Kind.NULL };
  if (typeof value === 'boolean') return { kind: Kind.BOOLEAN, value };
  if (typeof value === 'number') {
    return { kind: Number.isInteger(value) ? Kind.INT : Kind.FLOAT, value: String(value) };
  }
  if (typeof value === 'string') {
    return isEnum ? { kind: Kind.ENUM, value } : { kind: Kind.STRING, value, block: false };
  }
  if (Array.isArray(value)) {
    return { kind: Kind.LIST, values: value.map((item) => toValueNode(item, isEnum)) };
  }
  return {
    kind: Kind.OBJECT,
    fields: Object.entries(value as Record<string, unknown>)
      .filter(([, field]) => field !== null && field !== undefined)
      .map(([name, field]) => ({
        kind: Kind.OBJECT_FIELD,
        name: { kind: Kind.NAME, value: name },
        value: toValueNode(field, ENUMS.has(name)),
      })),
  };
}

/** Whether a field is left out, as `@include(if: $variable)` has it. */
function isLeftOut(field: FieldNode, variables: Record<string, unknown>): boolean {
  return (field.directives ?? []).some((directive) => {
    const condition = directive.arguments?.[0]?.value;
    if (condition?.kind !== Kind.VARIABLE) return false;
    const isTrue = variables[condition.name.value] === true;
    return isTrue !== (directive.name.value === 'include');
  });
}

/** The operation with the variables written into it, so that it can be pasted anywhere. */
export function toQuery(document: unknown, variables: Record<string, unknown>): string {
  const needed = visit<DocumentNode>(document as DocumentNode, {
    OperationDefinition: (node) => ({ ...node, variableDefinitions: [] }),
    Field: (node) => (isLeftOut(node, variables) ? null : { ...node, directives: [] }),
    // An argument without a value is the same as none.
    Argument: (node) =>
      node.value.kind === Kind.VARIABLE && variables[node.value.name.value] == null
        ? null
        : undefined,
  });
  const literal = visit<DocumentNode>(needed, {
    Variable: (node) => toValueNode(variables[node.name.value], ENUMS.has(node.name.value)),
  });
  return print(literal);
}
