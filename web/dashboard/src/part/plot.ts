/** ECharts with only the pieces we draw with; loaded when the first chart is. */
import { BarChart, LineChart } from "echarts/charts";
import { AriaComponent, GridComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

use([LineChart, BarChart, GridComponent, TooltipComponent, AriaComponent, CanvasRenderer]);

export const plot = (element: HTMLElement) => init(element, null, { renderer: "canvas" });
export type Plot = ReturnType<typeof plot>;
