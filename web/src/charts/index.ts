/** Charts take data and know nobody who asks for it. */
export { FunnelChart, type FunnelChartProps } from "./FunnelChart";
export type { FunnelGroup, FunnelStep } from "./funnel";
export { conversionText, lengthText } from "./numbers";
export type { BucketLength, Buckets, ChartSeries } from "./series";
export { MiniBars, type MiniBarsProps } from "./MiniBars";
export { Sparkline, type SparklineProps } from "./Sparkline";
export { TimeSeriesChart, type TimeSeriesChartProps } from "./TimeSeriesChart";
