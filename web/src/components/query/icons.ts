/** The icons that only building a question needs. */
export { ArrowDown, ArrowUp, GripVertical, Split } from "lucide-react";
