// A small trace: two rules, three steps. `x` goes through ADD and RELU; they become one Add, then a Relu is split off.

const tensor = (id, name, more = {}) => ({ id, name, dtype: "FLOAT", shape: [1, null, 4], ...more });
const node = (id, op, inputs, outputs, attrs = {}) => ({ id, op, name: `${op.toLowerCase()}_${id}`, domain: "", in: inputs, out: outputs, attrs });

/** @returns {import("../src/trace/read.js").Trace} made anew, for states keep its records */
export function sample() {
  return {
    header: { name: "sample", stages: ["rewriters", "handlers", "optimizers"] },
    start: {
      values: [tensor(0, "x"), tensor(1, "c", { shape: [], const: { data: [2] } }), tensor(2, "y"), tensor(3, "z")],
      nodes: [node(0, "ADD", [0, 1], [2]), node(1, "RELU", [2], [3])],
      graphs: [{ id: 0, owner: null, inputs: [0], outputs: [3], nodes: [0, 1] }],
    },
    rules: new Map([
      [7, { id: 7, stage: "handlers", name: "add", doc: "ADD => Add" }],
      [8, { id: 8, stage: "optimizers", name: "drop_relu", doc: "Relu(x) => x" }],
    ]),
    steps: [
      {
        rule: 7, root: 0, bind: {}, note: "Broadcasts a scalar",
        edits: [["insert", 0, 0, node(2, "Add", [0, 1], [4]), [tensor(4, "sum")]], ["input", 1, 0, 4], ["erase", 0]],
      },
      { rule: null, root: 1, bind: {}, edits: [], error: { type: "Unsupported", message: "no handler for RELU" } },
      { rule: 8, root: 1, bind: { relu: { node: 1 } }, edits: [["output", 0, 0, 4], ["erase", 1], ["retype", 4, { dtype: "FLOAT16" }]] },
    ],
    misses: [{ rule: 8, root: 2, why: "not a Relu" }],
    end: { seconds: 0.1 },
  };
}

/** A node that holds a subgraph with one node in it, inserted and erased. */
export function nested() {
  const trace = sample();
  const inner = { id: 1, owner: null, inputs: [], outputs: [5], nodes: [] };
  trace.steps = [
    {
      rule: 7, root: 0, bind: {},
      edits: [
        ["graph", inner, []],
        ["insert", 1, null, node(3, "Neg", [0], [5]), [tensor(5, "inner")]],
        ["insert", 0, null, node(4, "If", [1], [6], { then_branch: { graph: 1 } }), [tensor(6, "chosen")]],
      ],
    },
    { rule: 7, root: 4, bind: {}, edits: [["attr", 4, "then_branch", null]] },
    { rule: 7, root: 4, bind: {}, edits: [["attr", 4, "then_branch", { graph: 1 }], ["erase", 4]] },
  ];
  return trace;
}
