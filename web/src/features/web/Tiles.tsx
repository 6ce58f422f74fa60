import type { Metric, Tile } from "./webView";
import styles from "./web.module.css";

interface Props {
  tiles: readonly Tile[];
  /** The one that the chart shows. */
  metric: Metric;
  onMetric(metric: Metric): void;
}

/** The numbers of the time, each against the time before; those with a course choose what the chart shows. */
export function Tiles({ tiles, metric, onMetric }: Props) {
  return (
    <ul className={styles.tiles} aria-label="Numbers">
      {tiles.map((tile) => {
        const chart = tile.metric;
        return (
          <li key={tile.key}>
            {chart ? (
              <button type="button" className={styles.tile} aria-pressed={chart === metric} title={`Show ${tile.name.toLowerCase()} over time`} onClick={() => onMetric(chart)}>
                <Words tile={tile} />
              </button>
            ) : (
              <div className={styles.tile}>
                <Words tile={tile} />
              </div>
            )}
          </li>
        );
      })}
    </ul>
  );
}

function Words({ tile: { name, text, exact, change } }: { tile: Tile }) {
  return (
    <>
      <span className={styles.tileName}>{name}</span>
      <b title={exact}>{text}</b>
      {change && (
        <span className={styles.change} title={change.words}>
          <span aria-hidden>{change.short}</span>
          <span className="visually-hidden">{change.words}</span>
        </span>
      )}
    </>
  );
}
