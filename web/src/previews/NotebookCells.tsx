/** The cells of a notebook. Nothing in it runs: its HTML stands in frames that can do nothing. */

import type { Preview } from "../api";
import { formatCount } from "../format";
import { Markdown } from "../parts/Markdown";
import { PrintedText } from "../run/PrintedText";
import { Source } from "./SourceText";
import styles from "./previews.module.css";

type Notebook = NonNullable<Preview["notebook"]>;
type Cell = Notebook["cells"][number];
type Output = Cell["outputs"][number];

/** `frameOf` is the address of an output that is HTML. */
type FrameOf = (cell: number, output: number) => string;

export function NotebookCells({ notebook, frameOf }: { notebook: Notebook; frameOf: FrameOf }) {
  return (
    <>
      <ol className={styles["cells"]}>
        {notebook.cells.map((cell, index) => <li key={index} aria-label={`Cell ${String(index + 1)}`}><OneCell cell={cell} language={notebook.language} frameOf={(output) => frameOf(index, output)} /></li>)}
      </ol>
      {notebook.cells.length < notebook.cell_count && <p className="muted small">The first {formatCount(notebook.cells.length)} of {formatCount(notebook.cell_count)} cells.</p>}
    </>
  );
}

function OneCell({ cell, language, frameOf }: { cell: Cell; language: string; frameOf: (output: number) => string }) {
  if (cell.kind === "markdown") return <Markdown text={cell.text} />;
  return (
    <>
      <Source text={cell.text} language={cell.kind === "code" ? language : ""} label={cell.count === null ? "Cell" : `Cell [${String(cell.count)}]`} />
      {cell.outputs.map((output, index) => <OneOutput key={index} output={output} frame={frameOf(index)} />)}
    </>
  );
}

function OneOutput({ output, frame }: { output: Output; frame: string }) {
  if (output.kind === "image") return <img className={styles["output"]} src={`data:${output.media_type};base64,${output.text}`} alt="Output of the cell" />;
  // the server sends it with a policy: no scripts, no forms, no way to ask for anything
  if (output.kind === "html") return <iframe sandbox="" src={frame} title="Output of the cell, drawn without its scripts" className={styles["frame"]} data-size="small" />;
  if (output.kind === "other") return <p className="muted small">An output of the type {output.media_type === "" ? "unknown" : output.media_type} is not shown.</p>;
  return <pre className={styles["printed"]} data-kind={output.kind} tabIndex={0} aria-label="Output"><PrintedText text={output.text} /></pre>;
}
