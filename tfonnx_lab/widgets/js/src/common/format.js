// How tensors, numbers and names are written.

const SHORT = {
  FLOAT: "f32", FLOAT16: "f16", BFLOAT16: "bf16", DOUBLE: "f64", INT4: "i4", UINT4: "u4", INT8: "i8", UINT8: "u8",
  INT16: "i16", UINT16: "u16", INT32: "i32", UINT32: "u32", INT64: "i64", UINT64: "u64", BOOL: "bool", STRING: "str",
};

export const dtypeText = (dtype) => (dtype ? (SHORT[dtype] ?? dtype.toLowerCase()) : "?");

export function shapeText(shape) {
  if (!shape) return "?";
  return shape.length === 0 ? "scalar" : shape.map((d) => d ?? "?").join("×");
}

export const typeText = (value) => (value ? `${dtypeText(value.dtype)} ${shapeText(value.shape)}` : "");

/** What stands on an op that exists only between two stages (graph/intermediate.py lists them); empty for all others. */
export const betweenText = (node) => (node.domain === "tflite.intermediate" ? "between stages" : "");

/** A number with four digits. */
export function number(x) {
  if (typeof x !== "number" || Number.isInteger(x)) return String(x);
  return String(Number(x.toPrecision(4)));
}

/** The quantization as a formula: `u8 0.0235 (q - 128)`; for one scale a channel, the range of the scales. */
export function quantText(value) {
  const { quant } = value;
  if (!quant) return "";
  const scales = quant.scale.map(Number);
  const size = quant.size ?? scales.length;
  if (size > 1) return `${dtypeText(value.dtype)} ${size} scales, axis ${quant.axis ?? 0}`;
  const zero = Number(quant.zero_point[0] ?? 0);
  const code = zero === 0 ? "q" : zero < 0 ? `(q + ${-zero})` : `(q - ${zero})`;
  return `${dtypeText(value.dtype)} ${number(scales[0])} ${code}`;
}

/** A name shortened in the middle; of the many names that TFLite gives to a fused op, the first. */
export function shortName(name, length = 24) {
  const first = name.split(";")[0];
  if (first.length <= length) return first;
  const head = Math.floor(length / 4);
  return `${first.slice(0, head)}...${first.slice(first.length - (length - head - 3))}`;
}

/** An attribute's value on one line. */
export function attrText(value) {
  if (Array.isArray(value)) return `[${value.map(attrText).join(", ")}]`;
  if (value && typeof value === "object") {
    if ("graph" in value) return `graph ${value.graph}`;
    return value.data ? attrText(value.data) : typeText(value);
  }
  return typeof value === "number" ? number(value) : String(value);
}

/** What a constant holds, on one line. */
export function constText(value) {
  const { data } = value.const;
  if (data && data.length === 1) return `${dtypeText(value.dtype)} ${number(data[0])}`;
  if (data && data.length <= 4) return `${dtypeText(value.dtype)} [${data.map(number).join(", ")}]`;
  return typeText(value);
}

export const isConst = (value) => Boolean(value?.const);

/** Where a rule stands: `handlers/conv.py:31`, or in a notebook `your cell 5, line 3`. */
export const placeText = ({ file, line }) => `${file}${file.startsWith("your cell") ? ", line " : ":"}${line}`;
