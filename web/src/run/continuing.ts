/** The lines of Python that go on with a run, or begin another with its history. Pure. */

const quoted = (text: string) => JSON.stringify(text);

/** The address of the server stands in the lines, so that they work wherever they are pasted. */
const setup = (origin: string) => ["import os", `os.environ["TRACKER_URL"] = ${quoted(origin)}`, "", "import tracker", ""];

type Which = { id: string; project: string };

/** `step` is that of the checkpoint one goes on from; null goes on after the last step that was logged. */
export function continueLines(origin: string, { id, project }: Which, step: number | null): string {
  const from = step === null ? "" : `, resume_from_step=${String(step)}`;
  return [...setup(origin), `with tracker.init(${quoted(project)}, id=${quoted(id)}, resume="must"${from}) as run:`, '    run.log({"train/loss": 0.5})  # your training goes on here'].join("\n");
}

export function forkLines(origin: string, { id }: Which, step: number): string {
  return [...setup(origin), `with tracker.fork(${quoted(id)}, ${String(step)}) as run:`, '    run.log({"train/loss": 0.5})  # your training goes on here'].join("\n");
}
