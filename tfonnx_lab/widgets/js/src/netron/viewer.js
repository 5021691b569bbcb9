export function showTrace() { throw new Error("not built yet"); }
