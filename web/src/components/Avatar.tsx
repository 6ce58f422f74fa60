import styles from "@/components/Small.module.css";

export interface AvatarProps {
  /** Gives the letters. */
  name: string;
  /** Gives the colour; the name when left out. */
  seed?: string;
  /** In pixels. */
  size?: number;
  /** Square for things, such as projects; round for people. */
  square?: boolean;
}

/** Letters on a colour that stays the same for the same seed. */
export function Avatar({ name, seed = name, size = 24, square }: AvatarProps) {
  const hue = hueOf(seed);
  return (
    <span
      className={styles.avatar}
      aria-hidden
      style={{
        width: size,
        height: size,
        borderRadius: square ? Math.round(size * 0.26) : "50%",
        fontSize: Math.round(size * 0.42),
        background: `light-dark(hsl(${hue} 55% 90%), hsl(${hue} 32% 24%))`,
        color: `light-dark(hsl(${hue} 60% 28%), hsl(${hue} 70% 84%))`,
      }}
    >
      {initials(name)}
    </span>
  );
}

function initials(name: string): string {
  const words = name.split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  const letters = words.length > 1 ? [words[0], words[words.length - 1]] : [words[0]];
  return letters.map((word) => [...(word ?? "?")][0]).join("").toUpperCase();
}

function hueOf(seed: string): number {
  let hash = 7;
  for (const letter of seed) hash = (hash * 31 + (letter.codePointAt(0) ?? 0)) % 100_003;
  // Ids that differ in their last letter only still get colours far apart: steps of the golden angle.
  return Math.round((hash * 137.508) % 360);
}
