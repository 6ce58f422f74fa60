/** The icons that only building a question needs. */
export { ArrowDown, ArrowUp, Ban, Bookmark, Flag, GripVertical, Sigma, Split } from "lucide-react";
