// The classic script: `window.firstframe`.

import * as firstframe from "./index.js";

const { addMediaMetrics, configure, init, monitor, VERSION } = firstframe;

(window as unknown as { firstframe: unknown }).firstframe = { addMediaMetrics, configure, init, monitor, VERSION };
