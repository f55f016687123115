export const urgent = (text: string): boolean => text.includes("!");
