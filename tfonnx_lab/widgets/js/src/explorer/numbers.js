// The arithmetic of quantization, as LiteRT and ONNX Runtime do it: q = clip(round(x / scale) + zero).

export function formula(scale, zero) {
  const s = Number((scale * (1 - 1e-9)).toPrecision(4)); // 1/128 is shown as 0.007812, as Python rounds it
  return zero === 0 ? `${s} * q` : `${s} * (q ${zero > 0 ? "-" : "+"} ${Math.abs(zero)})`;
}

export function quantize(x, { scale, zero }, { low, high }) {
  return Math.min(high, Math.max(low, Math.round(x / scale) + zero));
}

export function dequantize(q, { scale, zero }) {
  return scale * (q - zero);
}

export function range({ scale, zero }, { low, high }) {
  return [(low - zero) * scale, (high - zero) * scale];
}

export function short(value, digits = 3) {
  return value === 0 ? "0" : String(Number(value.toPrecision(digits)));
}

const PARTS = 8; // a bar of the histogram is the real values that were rounded to one code, taken as spread evenly

// What the sample's activations lose: the clipped share, and the root mean square error.
export function losses(tensor, now) {
  const { counts, from, to } = tensor.histogram;
  const total = counts.reduce((a, b) => a + b, 0);
  if (!total) return null;
  const [low, high] = range(now, tensor);
  const width = (to - from) / counts.length;
  let clipped = 0;
  let squares = 0;
  counts.forEach((count, i) => {
    for (let part = 0; count && part < PARTS; part += 1) {
      const x = from + (i + (part + 0.5) / PARTS) * width;
      if (x < low - now.scale / 2 || x > high + now.scale / 2) clipped += count / PARTS;
      squares += (count / PARTS) * (x - dequantize(quantize(x, now, tensor), now)) ** 2;
    }
  });
  return { total, clipped: clipped / total, error: Math.sqrt(squares / total) };
}
