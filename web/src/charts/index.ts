/** Charts take data and know nobody who asks for it. */
export { ColumnChart, type ColumnChartProps } from "./ColumnChart";
export type { ChartColumn, ColumnLayer } from "./columns";
export { FunnelChart, type FunnelChartProps } from "./FunnelChart";
export type { FunnelGroup, FunnelStep } from "./funnel";
export type { ChartMark } from "./Marks";
export { changeText, conversionText, lengthText } from "./numbers";
export { MiniBars, type MiniBarsProps } from "./MiniBars";
export type { PathsLink, PathsNode } from "./paths";
export { RetentionChart, type RetentionChartProps } from "./RetentionChart";
export type { RetentionRow } from "./retention";
export type { BucketLength, Buckets, ChartSeries } from "./series";
export { Sparkline, type SparklineProps } from "./Sparkline";
export { TimeSeriesChart, type TimeSeriesChartProps } from "./TimeSeriesChart";
