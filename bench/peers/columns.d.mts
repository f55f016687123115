export function columns(count: number): { text: string[]; label: string[]; price: number[] };
