/** A line without axes, for beside a number. */
import { spark } from "../logic/spark";

export function Sparkline({
  values,
  width = 160,
  height = 36,
}: {
  values: readonly (number | null)[];
  width?: number;
  height?: number;
}) {
  const { line, fill, dots } = spark(values, width, height);
  return (
    <svg className="spark" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true">
      <path className="fill" d={fill} />
      <path d={line} />
      <path className="dot" d={dots} />
    </svg>
  );
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
