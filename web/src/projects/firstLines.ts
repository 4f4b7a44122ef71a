/** The lines of Python that put a first run on the page, with the address of this server where it is not the default. */

const DEFAULT_ADDRESS = "http://127.0.0.1:8090";

export function firstLines(origin: string, project = "my-project"): string {
  const isDefault = origin === DEFAULT_ADDRESS || origin === DEFAULT_ADDRESS.replace("127.0.0.1", "localhost");
  const setup = isDefault ? [] : ["import os", `os.environ["TRACKER_URL"] = ${JSON.stringify(origin)}`, ""];
  return [
    ...setup,
    "import tracker",
    "",
    `with tracker.init(project=${JSON.stringify(project)}, config={"lr": 3e-4}):`,
    "    for step in range(1000):",
    '        tracker.log({"train/loss": 1 / (step + 1)})',
  ].join("\n");
}
