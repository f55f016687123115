export const dimension: number;
export function vectorOf(text: string): Float32Array;
