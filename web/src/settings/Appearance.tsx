/** How the dashboard looks, and what a project starts with; kept in this browser. */

import { SmoothingField } from "../charts/SmoothingField";
import { readSmoothing, writeSmoothing } from "../charts/smoothing";
import { density, motion, singleKeys, startingAxis, startingSmoothing, theme, tileWidth } from "../settings";
import { chooseDensity, chooseMotion, chooseTheme } from "../theme";
import { Section } from "./Section";

export function Appearance() {
  return (
    <>
      <Looks />
      <Charts />
    </>
  );
}

function Looks() {
  const hasKeys = singleKeys.use();
  const isStill = motion.use() === "reduced";
  return (
    <Section title="Appearance" note="Kept in this browser.">
      <Choice label="Theme" value={theme.use()} choices={[["system", "As the system"], ["light", "Light"], ["dark", "Dark"]]} onChoose={chooseTheme} />
      <Choice label="Rows" value={density.use()} choices={[["compact", "Compact"], ["comfortable", "Comfortable"]]} onChoose={chooseDensity} />
      <label>
        <input type="checkbox" checked={isStill} onChange={() => { chooseMotion(isStill ? "system" : "reduced"); }} /> Move nothing, even where the system would
      </label>
      <label>
        <input type="checkbox" checked={hasKeys} onChange={() => { singleKeys.set(!hasKeys); }} /> <span>Single keys do things (<kbd>?</kbd> lists them)</span>
      </label>
    </Section>
  );
}

function Charts() {
  const smoothing = readSmoothing(startingSmoothing.use());
  return (
    <Section title="Charts" note="X axis and smoothing are what a project starts with that you have not looked at yet; each view has its own after that.">
      <Choice label="Width of tiles" value={tileWidth.use()} choices={[["small", "Small"], ["medium", "Medium"], ["large", "Large"]]} onChoose={tileWidth.set} />
      <Choice label="X axis to start with" value={startingAxis.use()} choices={[["step", "Step"], ["relative_time", "Relative time"], ["time", "Wall time"]]} onChoose={startingAxis.set} />
      <SmoothingField label="Smoothing to start with" value={smoothing} onChange={(next) => { startingSmoothing.set(writeSmoothing(next) ?? ""); }} />
    </Section>
  );
}

type ChoiceProps<T extends string> = { label: string; value: T; choices: readonly (readonly [T, string])[]; onChoose: (value: T) => void };

function Choice<T extends string>({ label, value, choices, onChoose }: ChoiceProps<T>) {
  return (
    <fieldset>
      <legend>{label}</legend>
      {choices.map(([one, word]) => (
        <label key={one}>
          <input type="radio" name={label} checked={one === value} onChange={() => { onChoose(one); }} /> {word}
        </label>
      ))}
    </fieldset>
  );
}
