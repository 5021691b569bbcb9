"""What can be wrong with a view as it stands in a page: letters too small, elements too wide, things over a toolbar."""

from __future__ import annotations

from playwright.sync_api import Page

SMALLEST = 11.0
"""Pixels of the smallest letters."""

DRAWN = """() => {
  const panel = document.querySelector('.tl-lab [role=tabpanel]:not([hidden])');
  const frames = [...(panel?.querySelectorAll('iframe.tl-netron') ?? [])];
  const text = panel?.innerText ?? '';
  const waits = [...(panel?.querySelectorAll('.tl-waiting, .tl-loading') ?? [])].some((e) => e.textContent.trim());
  return text !== '' && !waits && !/(drawing|loading) .*(\u2026|\\.\\.\\.)|one moment/.test(text) &&
    frames.every((f) => f.contentDocument?.querySelector('body.default g.graph-node'));
}"""
"""Whether the tab in front shows what it has to show."""

LOOK_AT = """(smallest) => {
  const OWN = '.tl-own, .tl-root, .tfq, .tfr, .tl-lab, .tlw-root';
  const BARS = '.tl-bar-of-tabs, .tl-tools, .tl-foot, .tl-bar, .tlv-tools, .tl-corner, .tfq-controls';
  const found = [];
  const where = (e) => {
    const text = e.textContent.trim().replace(/\\s+/g, ' ').slice(0, 40);
    return `${e.tagName.toLowerCase()}.${e.getAttribute('class') ?? ''} "${text}"`;
  };
  const roots = [...document.querySelectorAll('.jp-OutputArea-output')].filter((e) => e.querySelector(OWN + ', svg'));
  const outside = roots.length ? roots : [document.body];
  const hidden = (e) => !e.checkVisibility({ visibilityProperty: true, opacityProperty: true })
    || e.closest('.tl-unseen, .tl-twist, details:not([open]) > :not(summary)');
  const clips = (e) => getComputedStyle(e).overflowX !== 'visible';

  /** What of an element is in sight: what its ancestors clip is not. */
  function inSight(e) {
    let { left, top, right, bottom } = e.getBoundingClientRect();
    for (let p = e.parentElement; p && p !== document.body; p = p.parentElement) {
      if (!clips(p) || (getComputedStyle(e).position === 'fixed')) continue;
      const r = p.getBoundingClientRect();
      [left, top, right, bottom] = [Math.max(left, r.left), Math.max(top, r.top), Math.min(right, r.right),
        Math.min(bottom, r.bottom)];
    }
    return right - left > 1 && bottom - top > 1 ? { left, top, right, bottom } : null;
  }

  function letters(e) {
    const size = parseFloat(getComputedStyle(e).fontSize);
    const m = e.getScreenCTM?.();
    return m ? size * Math.sqrt(Math.abs(m.a * m.d - m.b * m.c)) : size;
  }

  for (const root of outside) {
    const all = [...root.querySelectorAll('*')].filter((e) => !hidden(e));
    for (const e of all) {
      const words = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
      if (words && !['STYLE', 'SCRIPT', 'TITLE'].includes(e.tagName) && letters(e) < smallest - 0.06)
        found.push(`small ${letters(e).toFixed(2)} px: ${where(e)}`);
      if (e instanceof SVGElement && e.tagName !== 'svg') continue;
      const [box, outer] = [e.getBoundingClientRect(), e.parentElement.getBoundingClientRect()];
      let scrolls = e.parentElement;
      while (scrolls !== root && !['auto', 'scroll'].includes(getComputedStyle(scrolls).overflowX))
        scrolls = scrolls.parentElement;
      const free = scrolls !== root;
      const placed = getComputedStyle(e).position;
      if (!free && outer.width > 0 && getComputedStyle(e.parentElement).display !== 'contents' &&
          !['absolute', 'fixed'].includes(placed) && box.width > outer.width + 1.5)
        found.push(`wider than its parent by ${(box.width - outer.width).toFixed(0)} px: ${where(e)}`);
      if (!free && box.right > root.getBoundingClientRect().right + 1.5 && inSight(e))
        found.push(`ends off the cell: ${where(e)}`);
      const style = getComputedStyle(e);
      if (words && style.overflowX === 'hidden' && e.scrollWidth > e.clientWidth + 1 &&
          !e.closest('[title]') && !e.ariaLabel) found.push(`cut and told nowhere: ${where(e)}`);
    }
    for (const bar of root.querySelectorAll(BARS)) {
      if (hidden(bar)) continue;
      const at = inSight(bar);
      if (!at) continue;
      const over = all.filter((e) => !bar.contains(e) && !e.contains(bar) && !(e instanceof SVGElement && e.tagName
        !== 'svg'));
      for (const e of over) {
        const r = inSight(e);
        const wide = r ? Math.min(r.right, at.right) - Math.max(r.left, at.left) : 0;
        const high = r ? Math.min(r.bottom, at.bottom) - Math.max(r.top, at.top) : 0;
        const covers = bar.closest('.tl-over') === e.closest('.tl-over') || !e.closest('.tl-over');
        if (covers && wide > 2 && high > 2 && !bar.closest('.tl-root')?.querySelector(':scope .tl-over')?.contains(e))
          found.push(`over the toolbar ${bar.className}: ${where(e)}`);
      }
      const parts = [...bar.querySelectorAll('button, input, select, [role=status], progress')].filter((e) => !hidden(e)
        && inSight(e));
      parts.forEach((a, i) => parts.slice(i + 1).forEach((b) => {
        const [p, q] = [a.getBoundingClientRect(), b.getBoundingClientRect()];
        if (!a.contains(b) && !b.contains(a) && Math.min(p.right, q.right) - Math.max(p.left, q.left) > 2 &&
            Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top) > 2)
          found.push(`two of a toolbar over each other: ${where(a)} and ${where(b)}`);
      }));
    }
    for (const image of root.querySelectorAll('img')) found.push(`a picture with colours of its own: ${where(image)}`);
  }
  return [...new Set(found)];
}"""

ENDS = """() => {
  const near = (p, b) => p.x > b.left - 4 && p.x < b.right + 4 && p.y > b.top - 4 && p.y < b.bottom + 4;
  return [...document.querySelectorAll('svg.tl-graph')].flatMap((graph) => {
    const boxes = [...graph.querySelectorAll('.tl-vertex .tl-box')].map((e) => e.getBoundingClientRect());
    if (!boxes.length || !boxes[0].width) return [];
    return [...graph.querySelectorAll('.tl-edge')].filter((path) => {
      const m = path.getScreenCTM();
      return ![0, path.getTotalLength()].every((at) => {
        const p = path.getPointAtLength(at).matrixTransform(m);
        return boxes.some((b) => near(p, b));
      });
    }).map((path) => `an edge ends off its nodes: ${path.getAttribute('d').slice(0, 60)}`);
  });
}"""


def faults_in_sight(page: Page) -> list[str]:
    """What is wrong with the views that are in a page now, a line each."""
    return [str(line) for line in page.evaluate(LOOK_AT, SMALLEST)] + [str(line) for line in page.evaluate(ENDS)]
