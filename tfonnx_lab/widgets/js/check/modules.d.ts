// What the bundler makes of files that are no scripts (build.mjs), and Netron's modules, which have no types.

declare module "*.css" {
  const text: string;
  export default text;
}

declare module "netron/index.html" {
  const text: string;
  export default text;
}

/** The script of a worker that lays graphs out with that module. */
declare module "worker:netron/dagre.js" {
  const script: string;
  export default script;
}

declare module "netron/*.json" {
  const ops: { name: string; category?: string; inputs?: object[]; outputs?: object[]; attributes?: object[]; [field: string]: any }[];
  export default ops;
}

declare module "netron/dagre.js" {
  /** Give nodes and links their places, in place; see netron/dagre.js. */
  export function layout(nodes: object[], links: object[], options: { nodesep: number; ranksep: number }, state: object): void;
}

declare module "netron/base.js" {
  export class BinaryStream {
    constructor(bytes: Uint8Array);
  }
}

declare module "netron/view.js" {
  export class View {
    constructor(host: object);
    start(): Promise<void>;
    [member: string]: any;
  }
}

declare module "netron/grapher.js" {
  export class Graph {
    width: number;
    height: number;
    [member: string]: any;
  }
}

declare module "netron/onnx.js";
declare module "netron/onnx-proto.js";
declare module "netron/onnx-schema.js";
declare module "netron/tflite.js";
declare module "netron/tflite-schema.js";

interface Window {
  /** Where module-federation containers of JupyterLab's extensions register. */
  _JUPYTERLAB: Record<string, { init(scope: object): void; get(name: string): Promise<() => object> }>;
  /** The stepper of a page that holds one, for the console. */
  stepper: object;
  /** The lab of a page that holds one, for the console. */
  lab: object;
}

/** The names of the inputs of each op, by its name in small letters (build.mjs). */
declare module "names:inputs" {
  const names: Record<string, string[]>;
  export default names;
}
