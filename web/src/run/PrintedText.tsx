/** The text of a printed line, in its colours. */

import { useMemo } from "react";
import { partsOf } from "./ansi";

export function PrintedText({ text }: { text: string }) {
  const parts = useMemo(() => partsOf(text), [text]);
  return parts.map((part, index) => (
    <span
      key={index}
      style={{
        color: part.colour ?? undefined,
        backgroundColor: part.background ?? undefined,
        fontWeight: part.isBold ? 600 : undefined,
        opacity: part.isDim ? 0.7 : undefined,
        fontStyle: part.isItalic ? "italic" : undefined,
        textDecoration: part.isUnderlined ? "underline" : undefined,
      }}
    >
      {part.text}
    </span>
  ));
}
