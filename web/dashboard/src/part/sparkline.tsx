/** A line without axes, for beside a number. */

export function Sparkline({
  values,
  width = 160,
  height = 36,
}: {
  values: readonly (number | null)[];
  width?: number;
  height?: number;
}) {
  const known = values.filter((one): one is number => one !== null);
  if (known.length === 0) return <svg className="spark" viewBox={`0 0 ${width} ${height}`} aria-hidden="true" />;
  const top = Math.max(...known) || 1;
  const low = Math.min(0, ...known);
  return (
    <svg className="spark" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true">
      <path className="fill" d={area(values, width, height, low, top)} />
      <path d={path(values, width, height, low, top)} />
    </svg>
  );
}

function point(value: number, index: number, count: number, width: number, height: number, low: number, top: number) {
  const x = count < 2 ? 0 : (index / (count - 1)) * width;
  const y = height - 2 - ((value - low) / (top - low || 1)) * (height - 4);
  return `${x.toFixed(1)} ${y.toFixed(1)}`;
}

function path(values: readonly (number | null)[], width: number, height: number, low: number, top: number): string {
  let pen = "M";
  let text = "";
  values.forEach((value, index) => {
    if (value === null) pen = "M";
    else {
      text += pen + point(value, index, values.length, width, height, low, top);
      pen = "L";
    }
  });
  return text;
}

function area(values: readonly (number | null)[], width: number, height: number, low: number, top: number): string {
  const known = values.map((value) => value ?? 0);
  return `${path(known, width, height, low, top)}L${width} ${height}L0 ${height}Z`;
}

export function Bars({ values, title }: { values: readonly number[]; title: string }) {
  const top = Math.max(1, ...values);
  return (
    <svg className="bars" viewBox={`0 0 ${values.length * 4} 20`} preserveAspectRatio="none" role="img" aria-label={title}>
      {values.map((value, index) => {
        const height = value === 0 ? 0.5 : Math.max(1.5, (value / top) * 20);
        return <rect key={index} x={index * 4} y={20 - height} width={3} height={height} />;
      })}
    </svg>
  );
}
