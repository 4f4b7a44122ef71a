/** A few numbers as bars, small enough to stand in a line of text. */

import styles from "./Sparkline.module.css";

const WIDTH = 120;
const HEIGHT = 24;

export function Sparkline({ values, label }: { values: readonly number[]; label: string }) {
  const most = Math.max(1, ...values);
  const step = WIDTH / Math.max(1, values.length);
  return (
    <svg className={styles["sparkline"]} viewBox={`0 0 ${String(WIDTH)} ${String(HEIGHT)}`} role="img" aria-label={label}>
      <title>{label}</title>
      {values.map((value, index) => {
        const height = value === 0 ? 1 : 3 + (value / most) * (HEIGHT - 3);
        return <rect key={index} data-empty={value === 0} x={index * step} y={HEIGHT - height} width={step - 1} height={height} rx={0.5} />;
      })}
    </svg>
  );
}
