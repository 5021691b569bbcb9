// SVG elements, and the ticks of an axis.

const NS = "http://www.w3.org/2000/svg";

export function svg(name, attributes = {}, ...children) {
  const element = document.createElementNS(NS, name);
  set(element, attributes);
  element.append(...children);
  return element;
}

export function set(element, attributes) {
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
}

// About `count` round values from a to b.
export function ticks(a, b, count) {
  const unit = 10 ** Math.floor(Math.log10((b - a) / count));
  const every = [1, 2, 5, 10].map((k) => k * unit).find((step) => (b - a) / step <= count);
  const found = [];
  for (let v = Math.ceil(a / every) * every; v <= b + every / 1e6; v += every) found.push(Number(v.toPrecision(10)));
  return found;
}
