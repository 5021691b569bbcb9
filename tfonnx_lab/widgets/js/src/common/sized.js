// In a tab that is not in sight, everything measures nothing.

/**
 * Wait until an element has a size.
 * @returns {Promise<void>}
 */
export function sized(element) {
  if (!element || element.clientWidth > 0) return Promise.resolve();
  return new Promise((resolve) => {
    const watcher = new ResizeObserver(() => {
      if (element.clientWidth === 0) return;
      watcher.disconnect();
      resolve();
    });
    watcher.observe(element);
  });
}
