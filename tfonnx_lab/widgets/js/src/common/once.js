// Notebooks keep the function that ends a view, and with it all that the function can see: of a cell that is run often,
// every view that it ever showed.

/** A function that calls `action` the first time and forgets it. */
export function once(action) {
  let left = action;
  return () => {
    const now = left;
    left = null;
    now?.();
  };
}
